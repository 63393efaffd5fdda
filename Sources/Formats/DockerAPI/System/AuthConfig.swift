/// Credentials for one registry, of a header or of SystemAuth.
package struct AuthConfig: Codable, Sendable, Hashable {
    @OmitEmpty package var username = ""
    @OmitEmpty package var password = ""
    @OmitEmpty package var auth = ""
    @OmitEmpty package var email = ""
    @OmitEmpty package var serverAddress = ""
    @OmitEmpty package var identityToken = ""
    @OmitEmpty package var registryToken = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case username, password, auth, email
        case serverAddress = "serveraddress"
        case identityToken = "identitytoken"
        case registryToken = "registrytoken"
    }
}

extension AuthConfig: Blank {
    package static var blank: AuthConfig { AuthConfig() }
}
