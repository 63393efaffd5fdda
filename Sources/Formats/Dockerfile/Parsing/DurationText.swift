/// Durations as Go writes and reads them: `1m30s`, `1.5h`. Source: Go, time.ParseDuration and Duration.String.
package enum DurationText {
    package struct ParseError: Error, Sendable {
        package var message: String
    }

    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// Nanoseconds.
    package static func parse(_ text: String) throws(ParseError) -> Int64 {
        var rest = text[...]
        var sign = 1.0
        if let first = rest.first, first == "-" || first == "+" {
            if first == "-" { sign = -1 }
            rest = rest.dropFirst()
        }
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { throw ParseError(message: "time: invalid duration \"\(text)\"") }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
            guard let value = Double(number.hasPrefix(".") ? "0" + number : String(number)) else {
                throw ParseError(message: "time: invalid duration \"\(text)\"")
            }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            guard !unit.isEmpty else { throw ParseError(message: "time: missing unit in duration \"\(text)\"") }
            guard let factor = units.first(where: { $0.name == unit })?.nanoseconds else {
                throw ParseError(message: "time: unknown unit \"\(unit)\" in duration \"\(text)\"")
            }
            total += value * factor
            rest = rest.dropFirst(unit.count)
        }
        guard total < 9.2e18 else { throw ParseError(message: "time: invalid duration \"\(text)\"") }
        return Int64(total * sign)
    }

    /// `0s`, `1.5ms`, `1m0s`, `2h0m0s`.
    package static func render(_ nanoseconds: Int64) -> String {
        guard nanoseconds != 0 else { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let value = nanoseconds.magnitude
        if value < 1000 { return "\(sign)\(value)ns" }
        if value < 1_000_000 { return sign + decimal(value, 1000) + "µs" }
        if value < 1_000_000_000 { return sign + decimal(value, 1_000_000) + "ms" }
        let minutes = value / 60_000_000_000
        let seconds = decimal(value % 60_000_000_000, 1_000_000_000) + "s"
        if minutes == 0 { return sign + seconds }
        if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
        return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }

    private static func decimal(_ value: UInt64, _ unit: UInt64) -> String {
        let rest = value % unit
        guard rest != 0 else { return String(value / unit) }
        let width = String(unit).utf8.count - 1
        var digits = String(rest)
        digits = String(repeating: "0", count: width - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(value / unit).\(digits)"
    }
}
