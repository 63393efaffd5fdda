/// Number of processes.
package struct PidsStats: Codable, Sendable, Hashable {
    @OmitEmpty package var current: UInt64 = 0
    @OmitEmpty package var limit: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case current, limit
    }
}

extension PidsStats: Blank {
    package static var blank: PidsStats { PidsStats() }
}
