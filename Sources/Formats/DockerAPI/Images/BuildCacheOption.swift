package import Essentials

/// A value of `--cache-from` or `--cache-to`: `type=registry,ref=name`, or the name of an image alone.
/// Source: docker buildx build, `--cache-from`, `--cache-to`.
package struct BuildCacheOption: Codable, Sendable, Hashable {
    /// Empty for the name of an image alone, which is the attribute `ref` then.
    package var type: String
    /// Keys in lower case.
    package var attributes: [String: String]
    /// Of the opened folder of `type=local`.
    package var folder: BuildAdditions.Descriptor?

    package init(type: String, attributes: [String: String]) {
        self.type = type
        self.attributes = attributes
    }

    /// Reads one value of the flag, which may name several images: `a,b`.
    /// - Throws: `invalid` in the words of Docker's own tools.
    package static func parse(_ text: String) throws(GantryError) -> [BuildCacheOption] {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false).map { field in
            var field = field[...]
            while field.first == " " { field = field.dropFirst() }
            while field.last == " " { field = field.dropLast() }
            return String(field)
        }
        guard fields.contains(where: { $0.contains("=") }) else {
            return fields.filter { !$0.isEmpty }.map { BuildCacheOption(type: "", attributes: ["ref": $0]) }
        }
        var attributes: [String: String] = [:]
        for field in fields {
            guard let equals = field.firstIndex(of: "=") else { throw .invalid("invalid value \(field)") }
            attributes[field[..<equals].lowercased()] = String(field[field.index(after: equals)...])
        }
        guard let type = attributes.removeValue(forKey: "type"), !type.isEmpty else {
            throw .invalid("type required form> \"\(text)\"")
        }
        return [BuildCacheOption(type: type, attributes: attributes)]
    }
}
