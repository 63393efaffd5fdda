internal import Essentials
internal import Netlink

/// Chooses subnets for networks that name none. Pure. Source: `oci.md` §7, local pools.
struct SubnetPool {
    /// Ranges and the prefix length of what is cut from them, in order.
    var ranges: [(base: IPSubnet, size: Int)]

    /// - Throws: `invalid` when a range cannot be read.
    init(_ ranges: [NetworkConfiguration.PoolRange]) throws(GantryError) {
        self.ranges = []
        for range in ranges {
            guard let base = IPSubnet(range.base), range.size >= base.prefixLength, range.size <= base.base.bitWidth - 2 else {
                throw .invalid(
                    "invalid address pool `\(range.base)` with size \(range.size)",
                    hint: "the size is the prefix length of the subnets")
            }
            self.ranges.append((base, range.size))
        }
    }

    /// The first subnet that overlaps none of `taken`.
    func next(taken: [IPSubnet]) throws(GantryError) -> IPSubnet {
        for range in ranges {
            var address = range.base.base
            while range.base.contains(address) {
                let candidate = IPSubnet(containing: address, prefixLength: range.size)
                guard let hit = taken.first(where: { $0.overlaps(candidate) }) else { return candidate }
                // Behind whatever is larger: the candidate, or the subnet in the way.
                let last = max(candidate.last, hit.last)
                guard last.value < range.base.last.value else { break }
                address = IPAddress(family: address.family, value: last.value + 1)
            }
        }
        throw .denied(
            "all predefined address pools have been fully subnetted",
            hint: "name a subnet with --subnet, or set default-address-pools")
    }
}
