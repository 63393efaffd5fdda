internal import DockerAPI
package import Essentials

/// The query of a request, read as Docker reads it.
package struct Query: Sendable {
    private var pairs: [String: [String]] = [:]

    /// - Parameter text: what stands after `?`. Pairs that cannot be decoded are dropped.
    package init(_ text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Percent.decode(parts[0], plusIsSpace: true),
                let value = Percent.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { continue }
            pairs[key, default: []].append(value)
        }
    }

    package func contains(_ key: String) -> Bool { pairs[key] != nil }

    /// The first value, or empty.
    package subscript(key: String) -> String { pairs[key]?.first ?? "" }

    /// All values of a key that may be repeated.
    package func all(_ key: String) -> [String] { pairs[key] ?? [] }

    /// nil when absent or empty.
    package func text(_ key: String) -> String? {
        let value = self[key]
        return value.isEmpty ? nil : value
    }

    /// False for absent, `0`, `no`, `false` and `none`; true for anything else.
    package func bool(_ key: String, default fallback: Bool = false) -> Bool {
        guard contains(key) else { return fallback }
        let value = self[key].lowercased().filter { $0 != " " && $0 != "\t" }
        return !["", "0", "no", "false", "none"].contains(value)
    }

    /// nil when absent or empty.
    /// - Throws: of `kind` with Go's wording; Docker's status for numbers that do not parse is 500 in most places.
    package func integer(_ key: String, kind: GantryError.Kind = .internal) throws -> Int? {
        guard let value = text(key) else { return nil }
        guard let number = Int(value) else { throw Self.notANumber(value, function: "Atoi", kind: kind) }
        return number
    }

    /// A time in seconds with an optional fraction, or in RFC 3339; nil when absent or empty.
    package func time(_ key: String) throws -> Timestamp? {
        guard let value = text(key) else { return nil }
        if let time = Timestamp(rfc3339: value) { return time }
        let parts = value.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = Int64(parts[0]), abs(seconds) < 9_000_000_000 else {
            throw Self.notANumber(String(parts[0]), function: "ParseInt", kind: .internal)
        }
        var nanoseconds: Int64 = 0
        if parts.count > 1, !parts[1].isEmpty {
            let digits = parts[1].prefix(9)
            guard let fraction = Int64(digits), fraction >= 0 else {
                throw Self.notANumber(String(parts[1]), function: "ParseInt", kind: .internal)
            }
            nanoseconds = (0..<(9 - digits.count)).reduce(fraction) { value, _ in value * 10 }
        }
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    /// The `filters` parameter in either form.
    package func filters() throws -> [String: [String]] {
        do {
            return try Filters(json: self["filters"]).values
        } catch {
            throw GantryError.invalid("invalid filter")
        }
    }

    private static func notANumber(_ value: String, function: String, kind: GantryError.Kind) -> GantryError {
        GantryError(kind, "strconv.\(function): parsing \"\(value)\": invalid syntax")
    }
}
