internal import Essentials
internal import Netlink

/// Gives addresses of one subnet. Pure: who has which address is handed in.
struct AddressAllocator {
    var subnet: IPSubnet
    var range: IPSubnet
    var reserved: Set<IPAddress>

    /// - Throws: `invalid` in Docker's words when a part of the pool does not fit.
    init(_ pool: Network.Pool) throws(GantryError) {
        guard let subnet = IPSubnet(pool.subnet) else {
            throw .invalid("invalid subnet \(pool.subnet): invalid CIDR block notation")
        }
        self.subnet = subnet
        range = IPSubnet(pool.ipRange) ?? subnet
        reserved = []
        for text in [pool.gateway] + pool.auxiliaryAddresses.values {
            if let address = IPAddress(text) { reserved.insert(address) }
        }
    }

    /// The first address that the network itself takes for its gateway.
    var firstHost: IPAddress { IPAddress(family: subnet.base.family, value: subnet.base.value + (subnet.hostBits >= 2 ? 1 : 0)) }

    /// Network and broadcast address of IPv4 blocks, and the first of IPv6, are never given.
    private func isSpecial(_ address: IPAddress) -> Bool {
        guard subnet.hostBits >= 2 else { return false }
        return address == subnet.base || (address.family == .v4 && address == subnet.last)
    }

    /// The lowest free address, or nil when all are taken.
    func next(used: Set<IPAddress>) -> IPAddress? {
        var value = range.base.value
        while value <= range.last.value {
            let address = IPAddress(family: range.base.family, value: value)
            if !reserved.contains(address), !used.contains(address), !isSpecial(address) { return address }
            if value == range.last.value { return nil }
            value += 1
        }
        return nil
    }

    /// An address that the user named. - Throws: `denied` when it is taken.
    func claim(_ address: IPAddress, used: Set<IPAddress>) throws(GantryError) -> IPAddress {
        guard subnet.contains(address), !isSpecial(address) else {
            throw .invalid("no configured subnet contains IP address \(address)")
        }
        guard !used.contains(address), !reserved.contains(address) else { throw .denied("Address already in use") }
        return address
    }
}
