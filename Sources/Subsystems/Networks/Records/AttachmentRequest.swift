package import LinuxSystem

/// Ties the namespace of a container that is about to run, or runs, into a network.
package struct AttachmentRequest: Sendable {
    package var containerID: String
    package var containerName: String
    package var hostname: String = ""
    /// Name, id or unambiguous beginning of one.
    package var network: String
    package var aliases: [String] = []
    /// Alias to container name or id: names that only this container sees.
    package var links: [String: String] = [:]
    package var ipv4Address: String?
    package var ipv6Address: String?
    package var macAddress: String?
    /// IPv4, beside the network's own.
    package var linkLocalAddresses: [String] = []
    /// Of the link: below /proc/sys with `IFNAME` in place of its name, and the value.
    package var sysctls: [(path: String, value: String)] = []
    package var namespace: OwnedDescriptor
    package var interfaceName: String
    /// Whether the default route leads here.
    package var isGateway: Bool
    package var ports: [PortRequest] = []

    package init(
        containerID: String, containerName: String, network: String, namespace: OwnedDescriptor, interfaceName: String = "eth0",
        isGateway: Bool = true
    ) {
        self.containerID = containerID
        self.containerName = containerName
        self.network = network
        self.namespace = namespace
        self.interfaceName = interfaceName
        self.isGateway = isGateway
    }
}
