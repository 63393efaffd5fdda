/// Answer to NetworkCreate.
package struct NetworkCreateResponse: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var warning = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case warning = "Warning"
    }
}

extension NetworkCreateResponse: Blank {
    package static var blank: NetworkCreateResponse { NetworkCreateResponse() }
}
