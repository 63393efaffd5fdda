import Essentials

/// A point in time as the flags `--since` and `--until` take it: `10m` ago, seconds since 1970, or a date.
enum TimeArgument {
    /// Seconds since 1970 with nine digits of fraction, as the API takes them.
    /// - Throws: ``GantryError`` in Docker's words when `text` is none of the forms.
    static func parse(_ text: String, now: Timestamp) throws -> String {
        if let duration = duration(text) { return render(Timestamp(nanoseconds: now.nanoseconds - duration)) }
        if let time = Timestamp(rfc3339: text) ?? partialDate(text) { return render(time) }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        if let whole = parts.first, !whole.isEmpty, Int64(whole) != nil, parts.dropFirst().allSatisfy({ UInt64($0) != nil }) { return text }
        throw GantryError.invalid("failed to parse value as time or duration: \"\(text)\"")
    }

    private static func render(_ time: Timestamp) -> String {
        let fraction = String(time.nanoseconds - time.seconds * 1_000_000_000)
        return "\(time.seconds)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }

    /// Nanoseconds of `1h30m`, `1.5s`, `300ms` (Go, time.ParseDuration); nil for anything else.
    static func duration(_ text: String) -> Int64? {
        let units: [(String, Double)] = [("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
        var rest = text[...]
        let negative = rest.first == "-"
        if negative || rest.first == "+" { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        if rest == "0" { return 0 }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            guard let unit = units.first(where: { $0.0 == name }) else { return nil }
            total += number * unit.1
            rest = rest.dropFirst(name.count)
        }
        guard total < 9e18 else { return nil }
        return negative ? -Int64(total) : Int64(total)
    }

    /// Dates with parts left out, in UTC: `2026-01-02`, `2026-01-02T15:04`, `2026-01-02T15:04:05`, with or without a zone.
    private static func partialDate(_ text: String) -> Timestamp? {
        let hasZone = text.hasSuffix("Z")
        let bare = hasZone ? String(text.dropLast()) : text
        let rest = "2000-01-01T00:00:00"
        guard bare.count >= 10 else { return nil }
        return Timestamp(rfc3339: bare + (bare.count < rest.count ? String(rest.dropFirst(bare.count)) : "") + "Z")
    }
}
