import DockerAPI
import Essentials

/// Texts of flags as values, with the complaints of Docker's own parser (which are those of Go's `strconv` and `time`).
enum FlagValue {
    /// - Parameter flag: as shown, `-n, --last`.
    static func integer<Value: FixedWidthInteger>(_ text: String, flag: String, as type: Value.Type = Int64.self) throws -> Value {
        if let value = Value(text) { return value }
        let parser = Value.isSigned ? "ParseInt" : "ParseUint"
        let digits = text.hasPrefix("-") && Value.isSigned || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let range = !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isNumber }
        throw UsageError.invalid(
            text, flag: flag, "strconv.\(parser): parsing \"\(text)\": \(range ? "value out of range" : "invalid syntax")")
    }

    /// `512`, `64k`, `6m`, `1.5g`: bytes.
    static func bytes(_ text: String, flag: String) throws -> Int64 {
        guard let value = ByteSize.parseBinary(text) else { throw UsageError.invalid(text, flag: flag, "invalid size: '\(text)'") }
        return value
    }

    /// `1h30m`, `10s`, `1.5ms`: nanoseconds. Source: Go, time.ParseDuration.
    static func duration(_ text: String, flag: String) throws -> Int64 {
        do { return try GoDuration.parse(text) } catch { throw UsageError.invalid(text, flag: flag, error.description) }
    }

    /// `key=value`, or a bare key with an empty value, each into a map; later ones win.
    static func map(_ pairs: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for pair in pairs {
            let (key, value) = split(pair)
            result[key] = value ?? ""
        }
        return result
    }

    /// Text before and after the first `=`; no value without one.
    static func split(_ pair: String) -> (key: String, value: String?) {
        guard let equals = pair.firstIndex(of: "=") else { return (pair, nil) }
        return (String(pair[..<equals]), String(pair[pair.index(after: equals)...]))
    }

    /// The value of `--filter`, repeated.
    /// - Throws: in Docker's words when one has no `=`.
    static func filters(_ texts: [String]) throws -> Filters {
        var filters = Filters()
        for text in texts where !text.isEmpty {
            let (key, value) = split(text)
            guard let value else { throw UsageError.invalid(text, flag: "-f, --filter", "invalid filter '\(text)'") }
            filters.add(key.trimmed.lowercased(), value.trimmed)
        }
        return filters
    }
}

/// Spans of time as Go writes them.
enum GoDuration {
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]

    /// Nanoseconds of `1h30m`, `-1.5s`, `0`. Source: Go, time.ParseDuration.
    static func parse(_ text: String) throws(Malformed) -> Int64 {
        let malformed = Malformed(description: "time: invalid duration \"\(text)\"")
        var rest = text[...]
        let negative = rest.first == "-"
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { throw malformed }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let value = Double(number.hasPrefix(".") ? "0" + number : String(number)) else { throw malformed }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            guard !unit.isEmpty else { throw Malformed(description: "time: missing unit in duration \"\(text)\"") }
            guard let factor = units[String(unit)] else {
                throw Malformed(description: "time: unknown unit \"\(unit)\" in duration \"\(text)\"")
            }
            total += value * factor
            rest = rest[unit.endIndex...]
        }
        guard total < 9.2e18 else { throw malformed }
        let nanoseconds = Int64(total.rounded())
        return negative ? -nanoseconds : nanoseconds
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        var slice = self[...]
        while slice.first?.isWhitespace == true { slice.removeFirst() }
        while slice.last?.isWhitespace == true { slice.removeLast() }
        return String(slice)
    }
}
