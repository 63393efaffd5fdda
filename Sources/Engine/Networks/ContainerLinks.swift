import Essentials
import Networks

/// What `--link` brings a container on the default bridge: names in its hosts file and variables that tell the other's address
/// and ports. Elsewhere links are aliases of the embedded resolver. Source: `cli.md` §2, `--link`; recorded environment.
struct ContainerLinks: Sendable {
    struct Link: Sendable, Equatable {
        /// The other container, as the user named it.
        var target: String
        var alias: String

        /// `web`, `web:w`, `/web:/mine/w`.
        init(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            let name = parts.first ?? text
            target = name.hasPrefix("/") ? String(name.dropFirst()) : name
            let alias = parts.count == 2 ? parts[1] : target
            self.alias = alias.split(separator: "/").last.map(String.init) ?? alias
        }
    }

    /// Lines of the hosts file.
    var hosts: [(name: String, address: String)] = []
    /// `NAME=value`.
    var environment: [String] = []

    /// - Throws: `conflict` when a linked container does not run.
    static func resolve(_ record: ContainerRecord, context: EngineContext) async throws -> ContainerLinks {
        var result = ContainerLinks()
        guard NetworkPlan.mode(record.settings) == .networks, NetworkPlan.primary(record.settings) == "bridge" else {
            return result
        }
        for link in record.settings.host.links.map(Link.init) {
            let other = try context.container(link.target)
            let target = await other.record
            let endpoints = await context.networks.endpoints(ofContainer: target.id)
            guard target.phase.processID != nil, let address = endpoints.first(where: { $0.networkName == "bridge" })?.ipv4Address
            else {
                throw GantryError.conflict(
                    "Cannot link to a non running container: /\(target.name) AS /\(record.name)/\(link.alias)")
            }
            result.hosts.append((hostNames(link, target), address))
            result.environment += environment(link, target: target, address: address, child: record.name)
        }
        return result
    }

    private static func hostNames(_ link: Link, _ target: ContainerRecord) -> String {
        var names = [link.alias]
        for name in [target.settings.hostname, target.name] where !names.contains(name) { names.append(name) }
        return names.joined(separator: " ")
    }

    static func environment(_ link: Link, target: ContainerRecord, address: String, child: String) -> [String] {
        let prefix = link.alias.uppercased().replacing("-", with: "_")
        let ports = target.settings.exposedPorts.compactMap { try? PortText.parse($0) }
            .sorted { ($0.number, $0.proto) < ($1.number, $1.proto) }
        var result = ["\(prefix)_NAME=/\(child)/\(link.alias)"]
        if let first = ports.first { result.append("\(prefix)_PORT=\(first.proto)://\(address):\(first.number)") }
        for port in ports {
            let name = "\(prefix)_PORT_\(port.number)_\(port.proto.uppercased())"
            result += [
                "\(name)=\(port.proto)://\(address):\(port.number)", "\(name)_ADDR=\(address)", "\(name)_PORT=\(port.number)",
                "\(name)_PROTO=\(port.proto)",
            ]
        }
        for entry in target.settings.environment {
            let key = entry.prefix { $0 != "=" }
            if key != "PATH", key != "HOME", entry.contains("=") { result.append("\(prefix)_ENV_\(entry)") }
        }
        return result
    }

    /// Checked when the container is made, as Docker does.
    static func check(_ settings: ContainerSettings, context: EngineContext) throws {
        for link in settings.host.links.map(Link.init) {
            do { _ = try context.container(link.target) } catch {
                throw GantryError.invalid("could not get container for \(link.target): \(error.message)")
            }
        }
    }
}

extension Container {
    /// - Returns: whether there was such a link. A running program keeps the variables that it was started with.
    func removeLink(alias: String) throws -> Bool {
        let rest = record.settings.host.links.filter { ContainerLinks.Link($0).alias != alias }
        guard rest.count < record.settings.host.links.count else { return false }
        try change { $0.settings.host.links = rest }
        return true
    }
}
