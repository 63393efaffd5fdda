/// A line of SystemEvents. Source: Engine API 1.51, EventMessage; the first three fields are for clients of API before 1.52.
package struct EventMessage: Codable, Sendable, Hashable {
    package var status: String?
    package var id: String?
    package var from: String?
    @Lenient package var type = ""
    @Lenient package var action = ""
    @Lenient package var actor = EventActor()
    @Lenient package var scope = ""
    /// Seconds and nanoseconds since 1970.
    @Lenient package var time: Int64 = 0
    @Lenient package var timeNano: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case status, id, from, scope, time, timeNano
        case type = "Type"
        case action = "Action"
        case actor = "Actor"
    }
}

extension EventMessage: Blank {
    package static var blank: EventMessage { EventMessage() }
}
