import Dockerfile
import Essentials

/// Durations in filters: Go's form, or plain seconds.
enum GoDuration {
    static func nanoseconds(_ text: String) throws -> Int64 {
        if let seconds = Int64(text), seconds.magnitude < 9_000_000_000 { return seconds * 1_000_000_000 }
        return try DurationText.parse(text)
    }
}
