internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import Netlink
internal import OCI

/// Moves network devices of the host's into a container. Source: OCI runtime-spec, config-linux, Network Devices.
enum NetworkDevices {
    /// A device loses its addresses and is down after the move: both are given back in the container.
    static func move(_ devices: [String: RuntimeSpecification.NetworkDevice], to processID: Int32) throws {
        let namespace = try OwnedDescriptor.open("/proc/\(processID)/ns/net", O_RDONLY)
        let host = try RouteSocket()
        let addresses = try host.addresses()
        for (name, device) in devices.sorted(by: { $0.key < $1.key }) {
            guard let link = try host.link(named: name) else {
                throw GantryError.notFound("`linux.netDevices` names `\(name)`, which the host does not have")
            }
            let own = addresses.filter { $0.link == link.index }
            try host.set(LinkChange(up: false), link: link.index)
            try host.move(link: link.index, to: namespace)
            let wanted = device.name.flatMap { $0.isEmpty ? nil : $0 } ?? name
            try NamespaceThread.run(in: namespace) {
                let inside = try RouteSocket()
                guard let moved = try inside.link(named: name) else {
                    throw GantryError.unavailable("`\(name)` did not arrive in the container's network namespace")
                }
                if wanted != name { try inside.set(LinkChange(name: wanted), link: moved.index) }
                // Link-local addresses are the kernel's to make.
                for address in own where !address.address.isLinkLocalV6 {
                    try inside.addAddress(address.address, prefixLength: address.prefixLength, link: moved.index)
                }
                try inside.set(LinkChange(up: true), link: moved.index)
            }
        }
    }

    /// - Throws: `invalid` for names that no device can have, and names given twice.
    static func check(_ devices: [String: RuntimeSpecification.NetworkDevice]) throws(GantryError) {
        var taken: Set<String> = []
        for (name, device) in devices {
            let inside = device.name.flatMap { $0.isEmpty ? nil : $0 } ?? name
            for text in [name, inside] {
                let isValid =
                    (1...15).contains(text.utf8.count) && text != "." && text != ".."
                    && !text.contains { $0 == "/" || $0 == ":" || $0.isWhitespace }
                guard isValid else { throw .invalid("`linux.netDevices` has the invalid device name `\(text)`") }
            }
            guard taken.insert(inside).inserted else { throw .invalid("`linux.netDevices` gives the name `\(inside)` twice") }
        }
    }
}
