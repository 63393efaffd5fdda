internal import Essentials
internal import Netlink

/// Checks what a user asked of a network's addresses, with all faults in one message. Source: recordings `network`.
enum PoolCheck {
    static func check(_ pools: [Network.Pool]) throws(GantryError) {
        let faults = pools.flatMap(faults(of:))
        guard faults.isEmpty else { throw .invalid((["invalid network config:"] + faults).joined(separator: "\n")) }
    }

    private static func faults(of pool: Network.Pool) -> [String] {
        if pool.subnet.isEmpty {
            let others = [pool.ipRange, pool.gateway] + pool.auxiliaryAddresses.values
            return others.allSatisfy(\.isEmpty)
                ? [] : ["every ip-range, gateway or auxiliary address must have a corresponding subnet"]
        }
        guard let (address, length) = IPSubnet.parse(pool.subnet) else {
            return ["invalid subnet \(pool.subnet): invalid CIDR block notation"]
        }
        let subnet = IPSubnet(containing: address, prefixLength: length)
        var faults: [String] = []
        if subnet.base != address { faults.append("invalid subnet \(pool.subnet): it should be \(subnet)") }
        if !pool.ipRange.isEmpty {
            if let (first, length) = IPSubnet.parse(pool.ipRange) {
                let range = IPSubnet(containing: first, prefixLength: length)
                if range.base != first { faults.append("invalid ip-range \(pool.ipRange): it should be \(range)") }
                if !subnet.contains(range) {
                    faults.append("invalid ip-range \(pool.ipRange): parent subnet \(subnet) doesn't contain ip-range")
                }
            } else {
                faults.append("invalid ip-range \(pool.ipRange): invalid CIDR block notation")
            }
        }
        for (what, text) in [("gateway", pool.gateway)]
            + pool.auxiliaryAddresses.sorted(by: { $0.key < $1.key }).map({ ("auxiliary address \($0.key)", $0.value) })
        where !text.isEmpty {
            guard let address = IPAddress(text) else {
                faults.append("invalid \(what) \(text): invalid address")
                continue
            }
            if !subnet.contains(address) {
                faults.append("invalid \(what) \(text): parent subnet \(subnet) doesn't contain this address")
            }
        }
        return faults
    }
}
