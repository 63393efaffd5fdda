/// Block IO weight of one device.
package struct WeightDevice: Codable, Sendable, Hashable {
    @Lenient package var path = ""
    @Lenient package var weight: UInt16 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case path = "Path"
        case weight = "Weight"
    }
}

extension WeightDevice: Blank {
    package static var blank: WeightDevice { WeightDevice() }
}
