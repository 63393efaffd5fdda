extension AuthConfig {
    package static let headerName = "X-Registry-Auth"
    /// Credentials of several registries for builds: base64url of a map from host to `AuthConfig`.
    package static let buildHeaderName = "X-Registry-Config"

    /// The header's value: JSON in base64url.
    package func headerValue() throws -> String {
        Base64.encodeURL(try EngineJSON.encode(self))
    }

    /// From the header's value, padded or not; nil when it is something else.
    package init?(headerValue: String) {
        guard let bytes = Base64.decode(headerValue), let value = try? EngineJSON.decode(AuthConfig.self, from: bytes)
        else { return nil }
        self = value
    }

    /// From the value of `X-Registry-Config`; empty when it is something else.
    package static func map(headerValue: String) -> [String: AuthConfig] {
        guard let bytes = Base64.decode(headerValue) else { return [:] }
        return (try? EngineJSON.decode([String: AuthConfig].self, from: bytes)) ?? [:]
    }

    package static func headerValue(of map: [String: AuthConfig]) throws -> String {
        Base64.encodeURL(try EngineJSON.encode(map))
    }
}
