/// Whom an event is about.
package struct EventActor: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var attributes: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case attributes = "Attributes"
    }
}

extension EventActor: Blank {
    package static var blank: EventActor { EventActor() }
}
