import DockerAPI
import Essentials

/// The line form of an event: `2026-01-02T15:04:05.000000000Z container start <id> (image=busybox, name=c1)`.
enum EventLine {
    static func render(_ event: EventMessage) -> String {
        let nanoseconds = event.timeNano != 0 ? event.timeNano : event.time * 1_000_000_000
        var line = "\(Timestamp(nanoseconds: nanoseconds).rfc3339Padded) \(event.type) \(event.action) \(event.actor.id)"
        let attributes = event.actor.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if !attributes.isEmpty { line += " (\(attributes.joined(separator: ", ")))" }
        return line
    }
}
