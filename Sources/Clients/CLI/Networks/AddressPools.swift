import DockerAPI
import Essentials

/// Joins the flags `--subnet`, `--ip-range`, `--gateway` and `--aux-address` of `network create` into address pools.
enum AddressPools {
    /// - Throws: ``GantryError`` in Docker's words for a range, gateway or address without its subnet.
    static func join(subnets: [String], ranges: [String], gateways: [String], auxiliary: [String: String]) throws -> [IPAMPool] {
        guard subnets.count >= ranges.count, subnets.count >= gateways.count else {
            throw GantryError.invalid("every ip-range or gateway must have a corresponding subnet")
        }
        var pools: [IPAMPool] = []
        for subnet in subnets {
            for known in pools where contains(known.subnet, subnet) || contains(subnet, known.subnet) {
                throw GantryError.invalid("multiple overlapping subnet configuration is not supported")
            }
            var pool = IPAMPool()
            pool.subnet = subnet
            pools.append(pool)
        }
        for range in ranges {
            guard let index = pools.firstIndex(where: { contains($0.subnet, range) }) else {
                throw GantryError.invalid("no matching subnet for range \(range)")
            }
            guard pools[index].ipRange.isEmpty else {
                throw GantryError.invalid(
                    "cannot configure multiple ranges (\(range), \(pools[index].ipRange)) "
                        + "on the same subnet (\(pools[index].subnet))")
            }
            pools[index].ipRange = range
        }
        for gateway in gateways {
            guard let index = pools.firstIndex(where: { contains($0.subnet, gateway) }) else {
                throw GantryError.invalid("no matching subnet for gateway \(gateway)")
            }
            guard pools[index].gateway.isEmpty else {
                throw GantryError.invalid(
                    "cannot configure multiple gateways (\(gateway), \(pools[index].gateway)) "
                        + "for the same subnet (\(pools[index].subnet))")
            }
            pools[index].gateway = gateway
        }
        for (name, address) in auxiliary.sorted(by: { $0.key < $1.key }) {
            guard let index = pools.firstIndex(where: { contains($0.subnet, address) }) else {
                throw GantryError.invalid("no matching subnet for aux-address \(address)")
            }
            pools[index].auxiliaryAddresses[name] = address
        }
        return pools
    }

    /// True when `inner` (an address or a range) lies in the range `outer`. A text that is no address lies nowhere; the daemon
    /// says what is wrong with a subnet.
    static func contains(_ outer: String, _ inner: String) -> Bool {
        guard let outer = AddressRange(outer), let inner = AddressRange(inner), outer.bytes.count == inner.bytes.count,
            outer.prefix <= inner.prefix
        else { return false }
        for bit in 0..<outer.prefix {
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            if outer.bytes[bit / 8] & mask != inner.bytes[bit / 8] & mask { return false }
        }
        return true
    }
}

/// An address with a prefix, or a single address as a range of its own.
struct AddressRange: Equatable {
    /// 4 or 16 bytes.
    var bytes: [UInt8]
    /// Bits.
    var prefix: Int

    /// `10.0.0.0/8`, `10.0.0.1`, `fd00::/64`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let bytes = AddressBytes.parse(String(first)) else { return nil }
        self.bytes = bytes
        prefix = bytes.count * 8
        if parts.count == 2 {
            guard let bits = Int(parts[1]), (0...prefix).contains(bits) else { return nil }
            prefix = bits
        }
    }
}
