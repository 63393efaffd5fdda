/// A container's tie to one network while it is live.
package struct Endpoint: Sendable, Codable, Hashable {
    package var id: String
    package var networkID: String
    package var networkName: String
    package var containerID: String
    package var containerName: String
    /// All names that resolve to it, without the network's name behind them: name, aliases, short id, host name.
    package var names: [String]
    /// Private names of this container for others: alias to container name or id.
    package var links: [String: String] = [:]
    /// Empty when the network has none of this family.
    package var ipv4Address: String
    package var ipv4PrefixLength: Int
    /// Empty for internal networks.
    package var gateway: String
    package var ipv6Address: String = ""
    package var ipv6PrefixLength: Int = 0
    package var ipv6Gateway: String = ""
    package var macAddress: String
    /// Inside: `eth0`.
    package var interfaceName: String
    /// On the host: `veth` and seven digits.
    package var hostInterfaceName: String
    package var ports: [PortBinding] = []
}

/// A port that a container wants on the host.
package struct PortRequest: Sendable, Codable, Hashable {
    package enum Transport: String, Sendable, Codable { case tcp, udp, sctp }

    package var containerPort: UInt16
    package var transport: Transport
    /// Empty: the network's default, all addresses of both families.
    package var hostAddress: String
    /// The first free one is taken; nil asks for an ephemeral port.
    package var hostPorts: ClosedRange<UInt16>?

    package init(
        containerPort: UInt16, transport: Transport = .tcp, hostAddress: String = "", hostPorts: ClosedRange<UInt16>? = nil
    ) {
        self.containerPort = containerPort
        self.transport = transport
        self.hostAddress = hostAddress
        self.hostPorts = hostPorts
    }
}

/// A port that is published.
package struct PortBinding: Sendable, Codable, Hashable {
    package var containerPort: UInt16
    package var transport: PortRequest.Transport
    /// `0.0.0.0`, `::` or an address of the host.
    package var hostAddress: String
    package var hostPort: UInt16
}
