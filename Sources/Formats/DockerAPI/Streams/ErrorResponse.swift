/// Body of every error.
package struct ErrorResponse: Codable, Sendable, Hashable {
    @Lenient package var message = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case message
    }
}

extension ErrorResponse: Blank {
    package static var blank: ErrorResponse { ErrorResponse() }
}
