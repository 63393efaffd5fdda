import Essentials

/// A point in time as the flags `--since` and `--until` take it: `10m` ago, seconds since 1970, or a date.
enum TimeArgument {
    /// Seconds since 1970 with nine digits of fraction, as the API takes them.
    /// - Throws: ``GantryError`` in Docker's words when `text` is none of the forms.
    static func parse(_ text: String, now: Timestamp) throws -> String {
        if let duration = try? GoDuration.parse(text) { return render(Timestamp(nanoseconds: now.nanoseconds - duration)) }
        if let time = Timestamp(rfc3339: text) ?? partialDate(text) { return render(time) }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        if let whole = parts.first, !whole.isEmpty, Int64(whole) != nil, parts.dropFirst().allSatisfy({ UInt64($0) != nil }) {
            return text
        }
        throw GantryError.invalid("failed to parse value as time or duration: \"\(text)\"")
    }

    private static func render(_ time: Timestamp) -> String {
        let fraction = String(time.nanoseconds - time.seconds * 1_000_000_000)
        return "\(time.seconds)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }

    /// Dates with parts left out: `2026-01-02`, `2026-01-02T15:04`, `2026-01-02T15:04:05`; local time without a `Z`.
    private static func partialDate(_ text: String) -> Timestamp? {
        let hasZone = text.hasSuffix("Z")
        let bare = hasZone ? String(text.dropLast()) : text
        let rest = "2000-01-01T00:00:00"
        guard bare.count >= 10 else { return nil }
        let filled = bare + (bare.count < rest.count ? String(rest.dropFirst(bare.count)) : "") + "Z"
        guard let time = Timestamp(rfc3339: filled) else { return nil }
        let offset = hasZone ? 0 : LocalZone.at(time).offsetSeconds
        return Timestamp(nanoseconds: time.nanoseconds - Int64(offset) * 1_000_000_000)
    }
}
