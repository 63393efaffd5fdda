/// Answer to ContainerWait.
package struct WaitResponse: Codable, Sendable, Hashable {
    @Lenient package var statusCode: Int = 0
    package var error: WaitError?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case statusCode = "StatusCode"
        case error = "Error"
    }
}

extension WaitResponse: Blank {
    package static var blank: WaitResponse { WaitResponse() }
}
