/// Block IO limit of one device, in bytes or operations per second.
package struct ThrottleDevice: Codable, Sendable, Hashable {
    @Lenient package var path = ""
    @Lenient package var rate: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case path = "Path"
        case rate = "Rate"
    }
}

extension ThrottleDevice: Blank {
    package static var blank: ThrottleDevice { ThrottleDevice() }
}
