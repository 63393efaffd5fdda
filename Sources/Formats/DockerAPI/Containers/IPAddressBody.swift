/// An address with its prefix length.
package struct IPAddressBody: Codable, Sendable, Hashable {
    @Lenient package var addr = ""
    @Lenient package var prefixLen: Int = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case addr = "Addr"
        case prefixLen = "PrefixLen"
    }
}

extension IPAddressBody: Blank {
    package static var blank: IPAddressBody { IPAddressBody() }
}
