import Builder
import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import Networks

/// The network that a RUN has.
struct StepNetwork: Sendable {
    /// nil: the host's.
    var namespace: OwnedDescriptor?
    private var addresses: [String] = []
    private var usesOwnResolver = false
    private var isAttached = false
    /// Of a container whose network is shared; its files are used.
    private var sharedFiles: String?

    /// - Parameter id: of the step, which stands for a container.
    /// - Parameter namespace: the step's own; nil: one is taken.
    static func attach(
        _ request: RunRequest, id: String, namespace: OwnedDescriptor?, context: EngineContext
    ) async throws -> StepNetwork {
        switch request.networkMode {
        case "host": return StepNetwork()
        case "none":
            return StepNetwork(namespace: try await fresh(namespace, context))
        case let mode where mode.hasPrefix("container:"):
            let other = try context.container(String(mode.dropFirst(10)))
            guard let processID = await other.record.phase.processID else {
                throw GantryError.conflict("cannot join network of a non running container: \(other.id)")
            }
            var network = StepNetwork(namespace: try OwnedDescriptor.open("/proc/\(processID)/ns/net", O_RDONLY))
            network.sharedFiles = context.configuration.containerDirectory(other.id)
            return network
        case let name:
            return try await join(
                name == "" || name == "default" ? "bridge" : name, request, id, try await fresh(namespace, context), context)
        }
    }

    private static func fresh(_ own: OwnedDescriptor?, _ context: EngineContext) async throws -> OwnedDescriptor {
        if let own { return own }
        return try await context.namespaces.take()
    }

    private static func join(
        _ name: String, _ request: RunRequest, _ id: String, _ namespace: OwnedDescriptor, _ context: EngineContext
    ) async throws -> StepNetwork {
        var network = StepNetwork(namespace: namespace)
        network.isAttached = true
        do {
            var attachment = AttachmentRequest(
                containerID: id, containerName: "build-\(Identifier.short(id))", network: name, namespace: namespace)
            attachment.hostname = request.hostname
            let endpoint = try await context.networks.attach(attachment)
            network.addresses = [endpoint.ipv4Address, endpoint.ipv6Address].filter { !$0.isEmpty }
            if endpoint.networkName != "bridge" {
                try await context.networks.startResolver(container: id, namespace: namespace, servers: [])
                network.usesOwnResolver = true
            }
        } catch {
            await context.networks.detachAll(container: id)
            throw error
        }
        return network
    }

    func detach(id: String, context: EngineContext) async {
        if isAttached { await context.networks.detachAll(container: id) }
        await context.namespaces.refill()
    }

    /// `/etc/hosts` and `/etc/resolv.conf` as binds of files made in `directory`.
    func files(_ request: RunRequest, directory: String, context: EngineContext) throws -> [SandboxOptions.Bind] {
        if let sharedFiles {
            return ["hosts", "resolv.conf"].map {
                SandboxOptions.Bind(source: "\(sharedFiles)/\($0)", destination: "/etc/\($0)", readOnly: true)
            }
        }
        return try ["hosts": hosts(request, context), "resolv.conf": resolver(context)].sorted { $0.key < $1.key }.map {
            name, text in
            try FileSystem.replace("\(directory)/\(name)", with: text)
            return SandboxOptions.Bind(source: "\(directory)/\(name)", destination: "/etc/\(name)", readOnly: true)
        }
    }

    private func hosts(_ request: RunRequest, _ context: EngineContext) throws -> String {
        var extra: [(name: String, address: String)] = []
        for text in request.extraHosts {
            guard let at = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
                throw GantryError.invalid("bad format for add-host: \"\(text)\"")
            }
            extra.append((String(text[..<at]), String(text[text.index(after: at)...])))
        }
        return HostsFile.text(hostname: request.hostname, domainName: "", addresses: ["127.0.0.1"] + addresses, extra: extra)
    }

    private func resolver(_ context: EngineContext) -> String {
        let own = (try? FileSystem.readText("/etc/resolv.conf", limit: 1 << 20)) ?? ""
        if namespace == nil { return own }
        let file = ResolverFile(parsing: own)
        return usesOwnResolver ? file.textForEmbeddedResolver() : file.textForDefaultBridge()
    }
}
