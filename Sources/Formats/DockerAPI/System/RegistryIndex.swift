/// One registry.
package struct RegistryIndex: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    @Lenient package var mirrors: [String] = []
    @Lenient package var secure = false
    @Lenient package var official = false

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case mirrors = "Mirrors"
        case secure = "Secure"
        case official = "Official"
    }
}

extension RegistryIndex: Blank {
    package static var blank: RegistryIndex { RegistryIndex() }
}
