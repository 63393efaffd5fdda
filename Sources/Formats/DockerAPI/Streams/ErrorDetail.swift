/// The error of a progress stream.
package struct ErrorDetail: Codable, Sendable, Hashable {
    @OmitEmpty package var code: Int = 0
    @Lenient package var message = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case code, message
    }
}

extension ErrorDetail: Blank {
    package static var blank: ErrorDetail { ErrorDetail() }
}
