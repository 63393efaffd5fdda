import Essentials

/// Times as people say them.
enum HumanTime {
    /// `Less than a second`, `5 seconds`, `About a minute`, `3 hours`, `2 weeks`. Source: docker/go-units, HumanDuration.
    static func duration(seconds: Int64) -> String {
        let minutes = seconds / 60
        let hours = Int64((Double(seconds) / 3600).rounded(.toNearestOrAwayFromZero))
        switch seconds {
        case ..<1: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        default: break
        }
        if minutes == 1 { return "About a minute" }
        if minutes < 60 { return "\(minutes) minutes" }
        if hours == 1 { return "About an hour" }
        if hours < 48 { return "\(hours) hours" }
        if hours < 24 * 7 * 2 { return "\(hours / 24) days" }
        if hours < 24 * 30 * 2 { return "\(hours / 24 / 7) weeks" }
        if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
        return "\(seconds / 3600 / 24 / 365) years"
    }

    /// How long ago `time` was, `2 minutes ago`.
    static func ago(_ time: Timestamp, now: Timestamp = .now()) -> String {
        duration(seconds: max(0, (now.nanoseconds - time.nanoseconds) / 1_000_000_000)) + " ago"
    }

    /// `2026-11-23 18:51:19 +0000 UTC`: how Go prints a time; in the local zone, as docker does.
    static func stamp(_ time: Timestamp) -> String {
        let zone = LocalZone.at(time)
        let local = Timestamp(nanoseconds: time.nanoseconds + Int64(zone.offsetSeconds) * 1_000_000_000)
        let text = local.rfc3339
        let date = text.prefix(10)
        let clock = text.dropFirst(11).prefix(8)
        return "\(date) \(clock) \(zone.offsetText) \(zone.name)"
    }
}
