internal import Essentials
internal import Netlink

/// The options of a bridge network that mean something here. Source: docker network create, bridge driver options.
enum BridgeOption {
    static let bridgeName = "com.docker.network.bridge.name"
    static let enableICC = "com.docker.network.bridge.enable_icc"
    static let masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    static let hostBinding = "com.docker.network.bridge.host_binding_ipv4"
    static let defaultBridge = "com.docker.network.bridge.default_bridge"
    /// The bridge gets no address: the gateway is another machine.
    static let inhibitIPv4 = "com.docker.network.bridge.inhibit_ipv4"
    static let interfacePrefix = "com.docker.network.container_iface_prefix"
    static let mtu = "com.docker.network.driver.mtu"
    private static let gatewayModes = [
        "com.docker.network.bridge.gateway_mode_ipv4", "com.docker.network.bridge.gateway_mode_ipv6",
    ]
    private static let trustedInterfaces = "com.docker.network.bridge.trusted_host_interfaces"

    /// - Throws: `invalid` for values that mean nothing, `unsupported` for those that cannot be met.
    static func check(_ options: [String: String]) throws(GantryError) {
        if let bridge = options[bridgeName], !bridge.isEmpty {
            guard isLinkName(bridge, limit: 15) else {
                throw .invalid("invalid bridge name `\(bridge)`: at most 15 bytes without blanks, quotes and slashes")
            }
        }
        if let prefix = options[interfacePrefix], !isLinkName(prefix, limit: 12) {
            throw .invalid("invalid interface prefix `\(prefix)`: 1 to 12 bytes without blanks, quotes and slashes")
        }
        if let mtu = options[mtu] {
            guard let value = UInt32(mtu), (68...65535).contains(value) else { throw .invalid("invalid MTU `\(mtu)`: 68 to 65535") }
        }
        if let address = options[hostBinding], IPAddress(address)?.family != .v4 {
            throw .invalid("invalid host binding address `\(address)`: an IPv4 address is needed")
        }
        for option in [enableICC, masquerade, inhibitIPv4] {
            if let value = options[option], Bool(goText: value) == nil {
                throw .invalid("failed to parse \(option) value: \(value)")
            }
        }
        for mode in gatewayModes {
            guard let value = options[mode], !["", "nat"].contains(value) else { continue }
            throw .unsupported(
                "the gateway mode `\(value)` is not supported", hint: "leave `\(mode)` out: networks are of the mode nat")
        }
        if options[trustedInterfaces]?.isEmpty == false { throw .unsupported("`\(trustedInterfaces)` is not supported") }
    }

    private static func isLinkName(_ name: String, limit: Int) -> Bool {
        (1...limit).contains(name.utf8.count) && !name.contains("/") && !name.contains("\"")
            && !name.contains(where: \.isWhitespace)
            && name != "." && name != ".."
    }
}

extension Network {
    /// What a container's link is called, before its number.
    package var interfacePrefix: String { options[BridgeOption.interfacePrefix] ?? "eth" }
}
