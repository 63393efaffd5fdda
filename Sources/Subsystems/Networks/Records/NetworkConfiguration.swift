package import LinuxSystem

/// How the daemon wants its networks.
package struct NetworkConfiguration: Sendable {
    /// One range of addresses and the prefix length of the subnets cut from it.
    package struct PoolRange: Sendable, Codable, Hashable {
        package var base: String
        package var size: Int

        package init(base: String, size: Int) {
            self.base = base
            self.size = size
        }
    }

    /// The default network's bridge; also names our tables, so daemons with different ones run side by side.
    package var bridgeName = "gantry0"
    /// `--bip`: address and prefix length of the default bridge.
    package var defaultBridgeAddress: String?
    package var pools: [PoolRange] = Self.defaultPools
    package var mtu: UInt32 = 1500
    package var resolverPath = "/etc/resolv.conf"
    package var usesFirewall = true
    /// The network namespace to take as the host's; nil is the one that the process is in.
    package var hostNamespace: OwnedDescriptor?

    package init() {}

    /// Source: `oci.md` §7, local pools.
    package static let defaultPools: [PoolRange] =
        [17, 18, 19].map { PoolRange(base: "172.\($0).0.0/16", size: 16) }
        + [20, 24, 28].map { PoolRange(base: "172.\($0).0.0/14", size: 16) } + [PoolRange(base: "192.168.0.0/16", size: 20)]

    /// The name of our nftables tables.
    var tableName: String {
        let safe = bridgeName.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? String($0) : "_" }.joined()
        return safe.hasPrefix("gantry") ? safe : "gantry_\(safe)"
    }

    /// What the alias of every link of ours begins with.
    var linkMark: String { "gantry:\(bridgeName):" }
}
