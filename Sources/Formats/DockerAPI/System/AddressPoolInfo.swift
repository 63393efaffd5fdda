/// A range from which networks get their subnets.
package struct AddressPoolInfo: Codable, Sendable, Hashable {
    @Lenient package var base = ""
    @Lenient package var size: Int = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case base = "Base"
        case size = "Size"
    }
}

extension AddressPoolInfo: Blank {
    package static var blank: AddressPoolInfo { AddressPoolInfo() }
}
