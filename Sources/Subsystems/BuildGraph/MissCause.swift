/// One reason why a step was not found in the cache.
package struct MissCause: Sendable, Hashable, Codable {
    /// For people: `COPY . .: main.c changed (12 B 5d41402abc4b → 15 B 7d793037a076)`.
    package var text: String
    /// `first`, `gone`, or the kind of an ``Ingredient``.
    package var kind: String
    /// What changed: a path, a variable, a flag.
    package var name: String
    package var old: String?
    package var new: String?

    package init(_ text: String, kind: String, name: String = "", old: String? = nil, new: String? = nil) {
        self.text = text
        self.kind = kind
        self.name = name
        self.old = old
        self.new = new
    }
}

/// The value of a file's ingredient, taken apart: `mode owner device [target] [size digest …]`.
enum FileFacts {
    /// What differs, in parentheses with a blank in front; empty when the values have another form.
    static func difference(_ was: String, _ now: String) -> String {
        let old = was.split(separator: " ").map(String.init)
        let new = now.split(separator: " ").map(String.init)
        guard old.count >= 3, new.count >= 3 else { return "" }
        if let one = content(old), let other = content(new), one != other { return " (\(one) → \(other))" }
        if old[0] != new[0] { return " (mode \(old[0]) → \(new[0]))" }
        if old[1] != new[1] { return " (owner \(old[1]) → \(new[1]))" }
        return ""
    }

    /// `12 B 5d41402abc4b`; nil for what has no content.
    private static func content(_ parts: [String]) -> String? {
        guard parts.count >= 5, let size = Int64(parts[3]), parts[4].utf8.count == 64 else { return nil }
        return "\(size) B \(parts[4].prefix(12))"
    }
}
