import CLinux
import Essentials

/// The user's time zone at some moment.
struct LocalZone: Sendable, Equatable {
    var offsetSeconds: Int
    /// `UTC`, `CEST`.
    var name: String

    /// As the environment (`TZ`, `/etc/localtime`) says.
    static func at(_ time: Timestamp) -> LocalZone {
        var seconds = time_t(time.seconds)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return LocalZone(offsetSeconds: parts.tm_gmtoff, name: parts.tm_zone.map { String(cString: $0) } ?? "UTC")
    }

    /// `+0200`.
    var offsetText: String { text(separator: "") }

    /// `Z` or `+02:00`, as RFC 3339 writes it.
    var rfc3339Text: String { offsetSeconds == 0 ? "Z" : text(separator: ":") }

    private func text(separator: String) -> String {
        let minutes = abs(offsetSeconds) / 60
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return (offsetSeconds < 0 ? "-" : "+") + two(minutes / 60) + separator + two(minutes % 60)
    }
}
