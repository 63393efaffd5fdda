package import LinuxSystem

/// Name servers of containers, and the files that lead to them.
extension NetworkController {
    /// The host's resolv.conf.
    package func hostResolverFile() -> ResolverFile {
        guard let text = try? FileSystem.readText(configuration.resolverPath, limit: 1 << 20) else { return ResolverFile() }
        return ResolverFile(parsing: text)
    }

    /// Serves names on 127.0.0.11 inside a container's namespace, whose loopback must be up. Starting it twice changes nothing.
    /// - Parameter servers: asked for what is not known here; empty means the host's.
    package func startResolver(container: String, namespace: OwnedDescriptor, servers: [String] = []) async throws {
        guard resolvers[container] == nil else { return }
        let hosts = hostResolverFile().servers
        let upstream = Upstream(servers: !servers.isEmpty ? servers : hosts.isEmpty ? ResolverFile.fallbackServers : hosts)
        let resolver = try await Resolver.start(
            container: container, namespace: namespace, names: names, upstream: upstream, group: socketGroup)
        guard resolvers[container] == nil else { return await resolver.stop() }
        resolvers[container] = resolver
    }

    package func stopResolver(container: String) async {
        guard let resolver = resolvers.removeValue(forKey: container) else { return }
        await resolver.stop()
    }
}
