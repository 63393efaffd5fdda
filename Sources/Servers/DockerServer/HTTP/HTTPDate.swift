package import Essentials

/// The time as HTTP writes it: `Mon, 23 Nov 2026 19:09:14 GMT`. Source: RFC 9110, section 5.6.7.
package enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    package static func now() -> String { text(Timestamp.now()) }

    package static func text(_ time: Timestamp) -> String {
        let days = (time.seconds >= 0 ? time.seconds : time.seconds - 86399) / 86400
        let second = time.seconds - days * 86400
        let (year, month, day) = Timestamp.civil(fromDays: days)
        let weekday = weekdays[Int(((days % 7) + 7) % 7)]
        return "\(weekday), \(two(day)) \(months[Int(month) - 1]) \(year) "
            + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
}
