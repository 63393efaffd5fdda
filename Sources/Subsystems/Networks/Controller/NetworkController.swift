package import Essentials
package import GRDB
internal import LinuxSystem
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Netlink

/// The networks of this host: their records, what of them is in the kernel, and what is attached.
///
/// Runs on a thread of its own, where short system calls may block; sockets are served on another.
package actor NetworkController {
    let configuration: NetworkConfiguration
    let table: NetworkTable
    let logger: Logger
    let controlGroup: MultiThreadedEventLoopGroup
    let socketGroup: MultiThreadedEventLoopGroup
    private let reaper = LinkReaper()
    private nonisolated let executor: any SerialExecutor

    var networks: [String: Network] = [:]
    var endpoints: [String: Endpoint] = [:]
    /// Untied already, but their links may still answer for their addresses.
    var leaving: [String: Endpoint] = [:]
    let names = NameTable()
    var resolvers: [String: Resolver] = [:]

    // Made by `start`, on the thread that is in the host's network namespace.
    private var routes: RouteSocket?
    private var wall: Firewall?
    private var publisher: PortPublisher?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init(configuration: NetworkConfiguration, database: any DatabaseWriter, logger: Logger) {
        self.configuration = configuration
        table = NetworkTable(database: database)
        self.logger = logger
        controlGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        socketGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        executor = controlGroup.next().executor
    }

    /// Table definitions, to be run before ``start(running:)``.
    package static func registerMigrations(_ migrator: inout DatabaseMigrator) { NetworkTable.registerMigrations(&migrator) }

    /// Brings the kernel in line with the records: bridges, forwarding, firewall; removes what an earlier daemon left behind.
    /// - Parameter running: ids of containers that still run; the attachments of all others are undone.
    package func start(running: Set<String> = []) async throws {
        if let namespace = configuration.hostNamespace {
            for group in [controlGroup, socketGroup, reaper.group] {
                try await group.next().submit { try NamespaceThread.enter(namespace) }.get()
            }
        }
        routes = try RouteSocket()
        try await reaper.start()
        publisher = PortPublisher(group: socketGroup, hasIPv6: FileSystem.exists("/proc/sys/net/ipv6"))
        if configuration.usesFirewall { wall = try Firewall() }
        for network in try table.networks(logger: logger) { networks[network.id] = network }
        for endpoint in try table.endpoints(logger: logger) {
            if running.contains(endpoint.containerID), networks[endpoint.networkID] != nil {
                endpoints[endpoint.id] = endpoint
                names.insert(endpoint)
            } else {
                try table.deleteEndpoint(endpoint.id)
            }
        }
        try makePredefined()
        try removeStrayLinks()
        for network in networks.values.sorted(by: { $0.createdAt < $1.createdAt }) where network.driver == "bridge" {
            try raiseBridge(of: network)
        }
        try enableForwarding()
        try firewall(ruleSet().text)
        publishInternals()
    }

    /// Ends serving; containers, links and rules stay as they are.
    package func shutdown() async {
        for channel in publisher?.releaseAll() ?? [] { await close(channel) }
        for resolver in resolvers.values { await resolver.stop() }
        resolvers = [:]
        do {
            try await reaper.stop()
            try await socketGroup.shutdownGracefully()
        } catch {
            logger.warning("network sockets did not end cleanly", metadata: ["error": "\(error)"])
        }
    }

    /// Removes everything of ours from the kernel, for tests and for an uninstallation. Records stay.
    package func removeFromKernel() async throws {
        for container in Set(endpoints.values.map(\.containerID)) { await detachAll(container: container) }
        if wall != nil { try firewall(RuleSet.remove(configuration.tableName)) }
        for link in try socket().links() where link.alias.hasPrefix(configuration.linkMark) {
            try socket().deleteLink(named: link.name)
        }
    }

    func socket() throws(GantryError) -> RouteSocket {
        guard let routes else { throw .internal("networks were used before they were started") }
        return routes
    }

    /// Lets an endpoint's link be deleted; until then nobody gets its addresses.
    func release(linkOf endpoint: Endpoint) {
        leaving[endpoint.id] = endpoint
        reaper.delete(endpoint.hostInterfaceName) { [logger] result in
            if case .failure(let error) = result {
                logger.warning(
                    "left-over link stays until the next start",
                    metadata: ["link": "\(endpoint.hostInterfaceName)", "error": "\(error)"])
            }
            // Lives as long as one call to this actor.
            Task { await self.left(endpoint.id) }
        }
    }

    private func left(_ endpoint: String) { leaving[endpoint] = nil }

    func ports() throws(GantryError) -> PortPublisher {
        guard let publisher else { throw .internal("networks were used before they were started") }
        return publisher
    }

    /// Runs nftables commands, when there is a firewall.
    func firewall(_ commands: String) throws(GantryError) { try wall?.apply(commands) }

    func close(_ channel: any Channel) async {
        do { try await channel.close() } catch { logger.debug("channel was closed already", metadata: ["error": "\(error)"]) }
    }

    // MARK: Looking up

    /// All networks, oldest first.
    package func list() -> [Network] { networks.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) } }

    /// The network with this id or name, or with an id that begins so.
    package func network(_ nameOrID: String) throws(GantryError) -> Network {
        if let exact = networks[nameOrID] ?? networks.values.first(where: { $0.name == nameOrID }) { return exact }
        let matches = nameOrID.isEmpty ? [] : networks.values.filter { $0.id.hasPrefix(nameOrID) }
        guard let match = matches.first else { throw .notFound("network \(nameOrID) not found") }
        guard matches.count == 1 else {
            throw .invalid("network \(nameOrID) is ambiguous (\(matches.count) matches found based on ID prefix)")
        }
        return match
    }

    /// What is attached to a network.
    package func endpoints(of nameOrID: String) throws(GantryError) -> [Endpoint] {
        let id = try network(nameOrID).id
        return endpoints.values.filter { $0.networkID == id }.sorted { $0.containerName < $1.containerName }
    }

    /// All live attachments of a container.
    package func endpoints(ofContainer id: String) -> [Endpoint] {
        endpoints.values.filter { $0.containerID == id }.sorted { $0.interfaceName < $1.interfaceName }
    }
}
