import DockerAPI

/// A line of a build's answer: our own message, or Docker's where the daemon is another or failed before the build began.
enum BuildLine: Decodable, Sendable {
    case event(BuildEventMessage)
    case message(JSONMessage)

    init(from decoder: any Decoder) throws {
        if let event = try? BuildEventMessage(from: decoder) {
            self = .event(event)
        } else {
            self = .message(try JSONMessage(from: decoder))
        }
    }
}
