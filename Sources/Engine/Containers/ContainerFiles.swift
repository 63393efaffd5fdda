import CLinux
import Essentials
import LinuxSystem
import Networks

/// `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` of a container, as files of ours that are bound into it.
struct ContainerFiles {
    let record: ContainerRecord
    let context: EngineContext
    let links: ContainerLinks

    func write(endpoints: [Endpoint]) async throws {
        let directory = context.configuration.containerDirectory(record.id)
        let settings = record.settings
        let host = NetworkPlan.mode(settings) == .host
        try FileSystem.replace("\(directory)/hostname", with: settings.hostname + "\n")
        let names = endpoints.contains { $0.networkName != "bridge" }
        try FileSystem.replace("\(directory)/resolv.conf", with: await Self.resolverText(settings.host, names: names, context))
        if host {
            try FileSystem.replace("\(directory)/hosts", with: (try? FileSystem.readText("/etc/hosts", limit: 1 << 20)) ?? "")
        } else {
            let addresses = endpoints.flatMap { [$0.ipv4Address, $0.ipv6Address] }.filter { !$0.isEmpty }
            try FileSystem.replace(
                "\(directory)/hosts",
                with: HostsFile.text(
                    hostname: settings.hostname, domainName: settings.domainName, addresses: addresses,
                    extra: try await extraHosts()))
        }
        try await shareNetworkFiles()
    }

    /// - Parameter names: whether the container is in a network that has names.
    static func resolverText(_ host: HostSettings, names: Bool, _ context: EngineContext) async -> String {
        if host.networkMode == "host", host.dns.isEmpty, host.dnsSearch.isEmpty, host.dnsOptions.isEmpty {
            return (try? FileSystem.readText("/etc/resolv.conf", limit: 1 << 20)) ?? ""
        }
        let resolver = await context.networks.hostResolverFile()
        return names
            ? resolver.textForEmbeddedResolver(servers: host.dns, search: host.dnsSearch, options: host.dnsOptions)
            : resolver.textForDefaultBridge(servers: host.dns, search: host.dnsSearch, options: host.dnsOptions)
    }

    /// The container's root owns them, whoever that is on the host.
    static func addTrees(
        _ record: ContainerRecord, _ context: EngineContext, _ ids: MappedIDs,
        to trees: inout [String: OwnedDescriptor]
    ) throws {
        let taken = Set(record.mounts.map(\.destination))
        for name in ["resolv.conf", "hostname", "hosts"] where !taken.contains("/etc/\(name)") {
            let file = "\(context.configuration.containerDirectory(record.id))/\(name)"
            let tree = try PrivateMounts.tree(try OwnedDescriptor.open(file, O_PATH))
            try PrivateMounts.map(tree, ids)
            trees["/etc/\(name)"] = tree
        }
    }

    /// `name:address` or `name=address`; `host-gateway` is the host's address on the default bridge.
    private func extraHosts() async throws -> [(name: String, address: String)] {
        var result = links.hosts
        for text in record.settings.host.extraHosts {
            guard let at = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
                throw GantryError.invalid("bad format for add-host: \"\(text)\"")
            }
            var address = String(text[text.index(after: at)...])
            if address == "host-gateway" { address = try await context.networks.network("bridge").pools.first?.gateway ?? "" }
            result.append((String(text[..<at]), address))
        }
        return result
    }

    /// A container in another's network sees that one's names.
    private func shareNetworkFiles() async throws {
        guard case .container(let name) = NetworkPlan.mode(record.settings) else { return }
        let other = context.configuration.containerDirectory(try context.container(name).id)
        let own = context.configuration.containerDirectory(record.id)
        for file in ["hosts", "resolv.conf", "hostname"] {
            try FileSystem.replace("\(own)/\(file)", with: try FileSystem.readText("\(other)/\(file)", limit: 1 << 20))
        }
    }
}
