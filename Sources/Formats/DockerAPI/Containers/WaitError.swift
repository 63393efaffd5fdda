/// Why a wait ended without a proper exit.
package struct WaitError: Codable, Sendable, Hashable {
    @Lenient package var message = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case message = "Message"
    }
}

extension WaitError: Blank {
    package static var blank: WaitError { WaitError() }
}
