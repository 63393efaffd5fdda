/// A port of a container in a list; `PublicPort` 0 and no `IP` when it is not published.
package struct Port: Codable, Sendable, Hashable {
    @OmitEmpty package var ip = ""
    @Lenient package var privatePort: UInt16 = 0
    @OmitEmpty package var publicPort: UInt16 = 0
    @Lenient package var type = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case ip = "IP"
        case privatePort = "PrivatePort"
        case publicPort = "PublicPort"
        case type = "Type"
    }
}

extension Port: Blank {
    package static var blank: Port { Port() }
}
