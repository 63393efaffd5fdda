/// Memory in bytes.
package struct MemoryStats: Codable, Sendable, Hashable {
    @OmitEmpty package var usage: UInt64 = 0
    @OmitEmpty package var maxUsage: UInt64 = 0
    @OmitEmpty package var stats: [String: UInt64] = [:]
    @OmitEmpty package var failcnt: UInt64 = 0
    @OmitEmpty package var limit: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case usage, stats, failcnt, limit
        case maxUsage = "max_usage"
    }
}

extension MemoryStats: Blank {
    package static var blank: MemoryStats { MemoryStats() }
}
