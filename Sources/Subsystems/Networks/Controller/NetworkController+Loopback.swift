package import LinuxSystem
internal import Netlink

extension NetworkController {
    /// Raises the loopback link of a namespace that is in no network.
    package static func raiseLoopback(in namespace: OwnedDescriptor) throws {
        let inside = try NamespaceThread.run(in: namespace) { try RouteSocket() }
        guard let loopback = try inside.link(named: "lo"), !loopback.isUp else { return }
        try inside.set(LinkChange(up: true), link: loopback.index)
    }
}
