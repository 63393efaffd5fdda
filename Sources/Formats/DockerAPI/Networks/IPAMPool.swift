/// One range of addresses.
package struct IPAMPool: Codable, Sendable, Hashable {
    @OmitEmpty package var subnet = ""
    @OmitEmpty package var ipRange = ""
    @OmitEmpty package var gateway = ""
    @OmitEmpty package var auxiliaryAddresses: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case subnet = "Subnet"
        case ipRange = "IPRange"
        case gateway = "Gateway"
        case auxiliaryAddresses = "AuxiliaryAddresses"
    }
}

extension IPAMPool: Blank {
    package static var blank: IPAMPool { IPAMPool() }
}
