/// What `--check` found, in the form that Docker's tools write.
package struct CheckReport: Sendable, Hashable, Codable {
    package struct Warning: Sendable, Hashable, Codable {
        package var ruleName: String
        package var description: String
        package var url: String
        package var detail: String
        package var location: Location
    }

    package struct Location: Sendable, Hashable, Codable {
        package struct Range: Sendable, Hashable, Codable {
            package var start: Position
            package var end: Position
        }

        package struct Position: Sendable, Hashable, Codable {
            package var line: Int
        }

        package var sourceIndex = 0
        package var ranges: [Range]
    }

    package struct Source: Sendable, Hashable, Codable {
        package var filename: String
        package var language = "Dockerfile"
        /// The Dockerfile's text.
        package var text: String
    }

    package var warnings: [Warning]
    package var sources: [Source]

    package init(_ warnings: [DockerfileWarning], text: String, filename: String) {
        self.warnings = warnings.map { warning in
            Warning(
                ruleName: warning.rule.rawValue, description: warning.rule.summary, url: warning.rule.url, detail: warning.message,
                location: Location(ranges: [
                    Location.Range(
                        start: Location.Position(line: warning.range.first), end: Location.Position(line: warning.range.last))
                ]))
        }
        sources = [Source(filename: filename, text: text)]
    }

    /// For people: each warning with its lines, and how many there were.
    package var text: String {
        var result = ""
        for warning in warnings {
            result += "WARNING: \(warning.ruleName) - \(warning.url)\n\(warning.detail)\n"
            guard let range = warning.location.ranges.first, let source = sources.first else { continue }
            let lines = SourceRange(range.start.line, range.end.line)
            result += SourceExcerpt.render(source.text, name: source.filename, range: lines) + "\n\n"
        }
        let count = warnings.count == 1 ? "1 warning has been found!" : "\(warnings.count) warnings have been found!"
        return result + "Check complete, " + (warnings.isEmpty ? "no warnings found." : count) + "\n"
    }
}
