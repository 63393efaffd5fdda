/// Which files of a build context stay behind: the rules of a `.dockerignore`, or of `--exclude`.
///
/// All patterns are tried in order and the last that matches a path or a directory above it decides.
/// Source: Docker build context, .dockerignore files.
package struct IgnoreFile: Sendable {
    /// A line that is no pattern.
    package struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
        package var pattern: String
        package var message: String
        package var description: String { message }
    }

    struct Rule: Sendable {
        var pattern: PathPattern
        /// `!pattern`: takes files back in.
        var isException: Bool
        /// The directories of the pattern, for asking whether something below a directory could match.
        var components: [PathPattern?]
    }

    private(set) var rules: [Rule]

    /// Ignores nothing.
    package init() { rules = [] }

    /// Reads the lines of an ignore file.
    package init(_ text: String) throws(PatternError) {
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var lines: [String] = []
        for line in bytes.split(separator: ASCII.newline) where line.first != ASCII.hash {
            lines.append(ASCII.string(ASCII.trim(line)))
        }
        try self.init(patterns: lines)
    }

    /// From single patterns, as `--exclude` gives them.
    package init(patterns: [String]) throws(PatternError) {
        rules = []
        for pattern in patterns {
            if let rule = try Self.rule(pattern) { rules.append(rule) }
        }
    }

    private static func rule(_ line: String) throws(PatternError) -> Rule? {
        var text = ASCII.trim(line)
        guard !text.isEmpty else { return nil }
        let isException = text.hasPrefix("!")
        if isException {
            text = ASCII.trim(String(text.dropFirst()))
            if text.isEmpty { throw PatternError(pattern: "!", message: "illegal exclusion pattern: \"!\"") }
        }
        var cleaned = CleanPath.clean(text)
        if cleaned.hasPrefix("/"), cleaned != "/" { cleaned.removeFirst() }
        guard cleaned != ".", cleaned != "/" else { return nil }
        do throws(PathPattern.SyntaxError) {
            let pattern = try PathPattern(cleaned, doubleStar: true)
            var components: [PathPattern?] = []
            for part in cleaned.split(separator: "/") {
                components.append(part.contains("**") ? nil : try PathPattern(String(part)))
            }
            return Rule(pattern: pattern, isException: isException, components: components)
        } catch {
            throw PatternError(pattern: cleaned, message: "invalid excludepatterns: [\(cleaned)]: \(error.message)")
        }
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// True when `path` (relative, without `./`) is left out.
    package func ignores(_ path: String) -> Bool {
        if rules.isEmpty { return false }
        var candidates: [String] = []
        var index = path.startIndex
        while let slash = path[index...].firstIndex(of: "/") {
            candidates.append(String(path[..<slash]))
            index = path.index(after: slash)
        }
        candidates.append(path)
        var ignored = false
        for rule in rules where rule.isException == ignored {
            if candidates.contains(where: rule.pattern.matches) { ignored = !rule.isException }
        }
        return ignored
    }

    /// True when an ignored directory must still be walked, because an exception could match something below it.
    package func mayInclude(below directory: String) -> Bool {
        let names = directory.split(separator: "/").map(String.init)
        return rules.contains { rule in
            guard rule.isException else { return false }
            for (number, name) in names.enumerated() {
                // `**` may stand for all that follows; a shorter pattern has matched a directory above.
                guard number < rule.components.count, let component = rule.components[number] else { return true }
                if !component.matches(name) { return false }
            }
            return true
        }
    }
}
