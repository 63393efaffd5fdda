import Essentials

/// The filters that every prune understands: `until`, `label` and `label!`.
struct PruneFilter {
    private(set) var until: Timestamp?
    private(set) var labels: [String]
    private(set) var excluded: [String]

    /// - Parameter others: further keys that the caller handles.
    init(_ filters: [String: [String]], others: Set<String> = []) throws(GantryError) {
        for key in filters.keys.sorted() where !["until", "label", "label!"].contains(key) && !others.contains(key) {
            throw .invalid("invalid filter '\(key)'")
        }
        labels = filters["label"] ?? []
        excluded = filters["label!"] ?? []
        if let texts = filters["until"] {
            guard texts.count == 1 else { throw .invalid("more than one until filter specified") }
            guard let time = TimeText.parse(texts[0]) else {
                throw .invalid("failed to parse value as time or duration: \"\(texts[0])\"")
            }
            until = time
        }
    }

    func admits(labels own: [String: String], createdAt: Timestamp) -> Bool {
        if let until, createdAt >= until { return false }
        return labels.allSatisfy { Self.matches($0, own) } && !excluded.contains { Self.matches($0, own) }
    }

    /// `key` or `key=value`.
    static func matches(_ filter: String, _ labels: [String: String]) -> Bool {
        guard let equals = filter.firstIndex(of: "=") else { return labels[filter] != nil }
        return labels[String(filter[..<equals])] == String(filter[filter.index(after: equals)...])
    }
}

/// Times as clients write them: seconds with a fraction, RFC 3339, a date, or a duration back from now.
enum TimeText {
    static func parse(_ text: String) -> Timestamp? {
        if let time = Timestamp(rfc3339: text) { return time }
        if let seconds = decimal(text) { return Timestamp(nanoseconds: seconds) }
        if let time = Timestamp(rfc3339: text + "Z") ?? Timestamp(rfc3339: text + "T00:00:00Z") ?? Timestamp(rfc3339: text + ":00Z")
        {
            return time
        }
        guard let span = duration(text) else { return nil }
        return Timestamp(nanoseconds: Timestamp.now().nanoseconds - span)
    }

    /// Nanoseconds of `1700000000.123456789`.
    private static func decimal(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int64(parts[0]), abs(whole) < 9_000_000_000 else { return nil }
        guard parts.count == 2 else { return whole * 1_000_000_000 }
        guard (1...9).contains(parts[1].count), let fraction = Int64(parts[1]), fraction >= 0 else { return nil }
        var scaled = fraction
        for _ in parts[1].count..<9 { scaled *= 10 }
        return whole * 1_000_000_000 + scaled
    }

    /// Nanoseconds of Go's `1h30m`, `500ms`.
    static func duration(_ text: String) -> Int64? {
        let units: [(String, Double)] = [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let value = Double(number) else { return nil }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            guard let factor = units.first(where: { $0.0 == unit })?.1 else { return nil }
            total += value * factor
            rest = rest.dropFirst(unit.count)
        }
        return total < 9e18 ? Int64(total) : nil
    }
}
