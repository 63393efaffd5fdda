extension PathStat {
    package static let headerName = "X-Docker-Container-Path-Stat"

    /// The header's value: JSON in standard base64.
    package func headerValue() throws -> String {
        Base64.encode(try EngineJSON.encode(self))
    }

    /// From the header's value; nil when it is something else.
    package init?(headerValue: String) {
        guard let bytes = Base64.decode(headerValue), let value = try? EngineJSON.decode(PathStat.self, from: bytes)
        else { return nil }
        self = value
    }
}
