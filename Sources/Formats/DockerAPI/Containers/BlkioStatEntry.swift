/// A counter of one device and operation.
package struct BlkioStatEntry: Codable, Sendable, Hashable {
    @Lenient package var major: UInt64 = 0
    @Lenient package var minor: UInt64 = 0
    @Lenient package var op = ""
    @Lenient package var value: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case major, minor, op, value
    }
}

extension BlkioStatEntry: Blank {
    package static var blank: BlkioStatEntry { BlkioStatEntry() }
}
