/// Counters of one interface.
package struct NetworkStats: Codable, Sendable, Hashable {
    @Lenient package var rxBytes: UInt64 = 0
    @Lenient package var rxPackets: UInt64 = 0
    @Lenient package var rxErrors: UInt64 = 0
    @Lenient package var rxDropped: UInt64 = 0
    @Lenient package var txBytes: UInt64 = 0
    @Lenient package var txPackets: UInt64 = 0
    @Lenient package var txErrors: UInt64 = 0
    @Lenient package var txDropped: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case rxBytes = "rx_bytes"
        case rxPackets = "rx_packets"
        case rxErrors = "rx_errors"
        case rxDropped = "rx_dropped"
        case txBytes = "tx_bytes"
        case txPackets = "tx_packets"
        case txErrors = "tx_errors"
        case txDropped = "tx_dropped"
    }
}

extension NetworkStats: Blank {
    package static var blank: NetworkStats { NetworkStats() }
}
