/// An address block, `172.17.0.0/16`.
package struct IPSubnet: Sendable, Hashable, CustomStringConvertible {
    /// The first address, with no bit set behind the prefix.
    package var base: IPAddress
    package var prefixLength: Int

    /// The block that `address` is in.
    package init(containing address: IPAddress, prefixLength: Int) {
        base = IPAddress(family: address.family, value: address.value & ~Self.hostMask(address.bitWidth - prefixLength))
        self.prefixLength = prefixLength
    }

    /// Parses `address/length`; bits behind the prefix are dropped.
    package init?(_ text: String) {
        guard let (address, length) = Self.parse(text) else { return nil }
        self.init(containing: address, prefixLength: length)
    }

    /// Parses `address/length` and keeps the address as it was written.
    package static func parse(_ text: String) -> (address: IPAddress, prefixLength: Int)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(parts[1]), length <= address.bitWidth
        else { return nil }
        return (address, length)
    }

    private static func hostMask(_ bits: Int) -> UInt128 { bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1 }

    package var hostBits: Int { base.bitWidth - prefixLength }
    package var last: IPAddress { IPAddress(family: base.family, value: base.value | Self.hostMask(hostBits)) }

    package func contains(_ address: IPAddress) -> Bool { address.family == base.family && base <= address && address <= last }
    package func contains(_ other: IPSubnet) -> Bool { contains(other.base) && contains(other.last) }
    package func overlaps(_ other: IPSubnet) -> Bool { contains(other.base) || other.contains(base) }

    package var description: String { "\(base)/\(prefixLength)" }
}

/// Six bytes of an Ethernet address.
package struct MACAddress: Sendable, Hashable, CustomStringConvertible {
    package var bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    /// Parses six pairs of hexadecimal digits between colons or dashes.
    package init?(_ text: String) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        let bytes = parts.compactMap { $0.utf8.count == 2 && $0.utf8.first != 43 ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    /// `02:42:` and the four bytes of an IPv4 address: stable as long as the address is.
    package init(derivedFrom address: IPAddress) { bytes = [0x02, 0x42] + address.bytes.suffix(4) }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
