import Glibc

/// A point in time with nanoseconds since 1970 in UTC, and the RFC 3339 text that the Engine API and the log files use.
package struct Timestamp: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    package init(seconds: Int64) { nanoseconds = seconds * 1_000_000_000 }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    package var seconds: Int64 { nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000 }

    /// Go's zero time, which the Engine API uses for "never".
    package static let goZeroText = "0001-01-01T00:00:00Z"

    /// `2026-01-02T15:04:05.123456789Z`, trailing zeros of the fraction dropped (Go's RFC3339Nano).
    package var rfc3339: String { text(padded: false) }

    /// `2026-01-02T15:04:05.123456789Z` with all nine digits, as `logs --timestamps` prints it.
    package var rfc3339Padded: String { text(padded: true) }

    private func text(padded: Bool) -> String {
        let whole = seconds
        let fraction = nanoseconds - whole * 1_000_000_000
        let days = whole >= 0 ? whole / 86400 : (whole - 86399) / 86400
        let inDay = whole - days * 86400
        let (year, month, day) = Self.civil(fromDays: days)
        var result = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))T"
        result += "\(Self.pad(inDay / 3600, 2)):\(Self.pad(inDay / 60 % 60, 2)):\(Self.pad(inDay % 60, 2))"
        if padded || fraction != 0 {
            var digits = Self.pad(fraction, 9)
            if !padded { while digits.last == "0" { digits.removeLast() } }
            result += "." + digits
        }
        return result + "Z"
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Year, month and day of the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    package static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let doe = z - era * 146_097
        let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146_096) / 365
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
        let mp = (5 * doy + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1)
    }

    /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (same source).
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yoe = y - era * 400
        let doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
    }

    /// Parses RFC 3339 with an optional fraction of up to nine digits and `Z` or an offset; nil for anything else.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func number(_ start: Int, _ count: Int) -> Int64? {
            guard start + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[start..<start + count] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == 45, bytes[7] == 45, bytes[10] | 32 == 116, bytes[13] == 58, bytes[16] == 58,
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24,
            minute < 60, second < 61
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if bytes[at] == 46 {
            at += 1
            var scale: Int64 = 100_000_000
            while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
                fraction += Int64(bytes[at] - 48) * scale
                scale /= 10
                at += 1
            }
        }
        guard at < bytes.count else { return nil }
        var offset: Int64 = 0
        if bytes[at] | 32 == 122 {
            guard at + 1 == bytes.count else { return nil }
        } else {
            guard bytes[at] == 43 || bytes[at] == 45, at + 6 == bytes.count, let hours = number(at + 1, 2),
                let minutes = number(at + 4, 2)
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (bytes[at] == 45 ? -1 : 1)
        }
        let whole = Self.days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second - offset
        nanoseconds = whole * 1_000_000_000 + fraction
    }
}

extension Timestamp {
    /// The system's clock.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// Stored as nanoseconds since 1970.
extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(nanoseconds)
    }
}
