import Essentials
import LinuxSystem
import Networks

/// Changes the networks of a container that runs.
struct LiveNetworks {
    /// As it was before the change.
    let record: ContainerRecord
    let context: EngineContext
    let namespace: OwnedDescriptor

    private var attacher: NetworkAttacher { NetworkAttacher(record: record, context: context) }

    /// Ties it into one more network; the way out and the ports follow in ``settle(now:)``.
    func enter(_ attachment: NetworkAttachment, _ network: Network) async throws {
        let others = await context.networks.endpoints(ofContainer: record.id)
        _ = try await context.networks.attach(
            try attacher.request(attachment, network, beside: others, namespace: namespace, isGateway: false, ports: []))
    }

    /// Finds the way out anew, publishes ports that no network has, and tells the container of names and addresses.
    /// - Parameter record: after the change.
    /// - Returns: the ports that are published now.
    func settle(now record: ContainerRecord) async throws -> [String: [PublishedPort]] {
        let attached = await context.networks.endpoints(ofContainer: record.id)
        if let gateway = try await GatewayChoice.of(record.attachments, context) {
            try await context.networks.leadOut(
                container: record.id, through: gateway, namespace: namespace,
                ports: attached.allSatisfy(\.ports.isEmpty) ? try attacher.portRequests() : [])
        }
        let names = record.attachments.contains { $0.networkName != "bridge" }
        if names {
            try await context.networks.startResolver(
                container: record.id, namespace: namespace, servers: record.settings.host.dns)
        }
        let endpoints = await context.networks.endpoints(ofContainer: record.id)
        try await rewriteResolverFile(names: names)
        try rewriteHosts(endpoints)
        return attacher.published(endpoints)
    }

    // MARK: Files

    private func path(_ file: String) -> String { "\(context.configuration.containerDirectory(record.id))/\(file)" }

    /// Only where nobody has written there meanwhile.
    private func rewriteResolverFile(names: Bool) async throws {
        let host = record.settings.host
        let had = record.attachments.contains { $0.networkName != "bridge" }
        guard had != names,
            try FileSystem.readText(path("resolv.conf"), limit: 1 << 20)
                == (await ContainerFiles.resolverText(host, names: had, context))
        else { return }
        try FileSystem.rewrite(path("resolv.conf"), with: await ContainerFiles.resolverText(host, names: names, context))
    }

    /// The container's own lines go and come; others stay as they are.
    private func rewriteHosts(_ endpoints: [Endpoint]) throws {
        let settings = record.settings
        func line(_ address: String) -> String {
            HostsFile.line(hostname: settings.hostname, domainName: settings.domainName, address: address)
        }
        let wanted = endpoints.flatMap { [$0.ipv4Address, $0.ipv6Address] }.map(line).filter { !$0.isEmpty }
        let text = try FileSystem.readText(path("hosts"), limit: 1 << 20)
        let present = text.split(separator: "\n", omittingEmptySubsequences: false).map { "\($0)\n" }
        // An own line is one that says of some address what ours would.
        let kept = present.dropLast(text.hasSuffix("\n") ? 1 : 0).filter { one in
            one != line(String(one.prefix { $0 != "\t" })) || wanted.contains(one)
        }
        let result = (kept + wanted.filter { !kept.contains($0) }).joined()
        if result != text { try FileSystem.rewrite(path("hosts"), with: result) }
    }
}
