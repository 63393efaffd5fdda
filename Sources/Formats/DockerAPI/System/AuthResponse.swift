/// Answer to SystemAuth.
package struct AuthResponse: Codable, Sendable, Hashable {
    @Lenient package var identityToken = ""
    @Lenient package var status = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case identityToken = "IdentityToken"
        case status = "Status"
    }
}

extension AuthResponse: Blank {
    package static var blank: AuthResponse { AuthResponse() }
}
