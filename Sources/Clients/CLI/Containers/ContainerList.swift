import DockerAPI
import EngineClient
import Essentials

/// How `ps` shows containers. Source: docker CLI, `ps`, placeholders.
enum ContainerList {
    static func view(truncates: Bool, showsSize: Bool) -> ListView<ContainerSummary> {
        ListView(
            typeName: "*formatter.ContainerContext",
            fields: [
                .init("ID", "CONTAINER ID") { truncates ? Identifier.short($0.id) : $0.id },
                .init("Names", "NAMES") { names($0, truncates: truncates) },
                .init("Image", "IMAGE") { image($0, truncates: truncates) },
                .init("Command", "COMMAND") { command($0.command, truncates: truncates) },
                .init("CreatedAt", "CREATED AT") { HumanTime.stamp(Timestamp(seconds: $0.created)) },
                .init("RunningFor", "CREATED") { HumanTime.ago(Timestamp(seconds: $0.created)) },
                .init("Ports", "PORTS") { PortsText.of($0.ports) },
                .init("State", "STATE") { $0.state },
                .init("Status", "STATUS") { $0.status },
                .init("HealthStatus", "HEALTH STATUS") { healthStatus($0.status) },
                .init("Size", "SIZE") { size($0) },
                .init("Labels", "LABELS") { labels($0.labels) },
                .init("Mounts", "MOUNTS") { mounts($0, truncates: truncates) },
                .init("LocalVolumes", "LOCAL VOLUMES") { String($0.mounts.count { $0.driver == "local" }) },
                .init("Networks", "NETWORKS") { $0.networkSettings.networks.keys.sorted().joined(separator: ",") },
                .init("Platform", "PLATFORM", value: { _ in .null }),
            ],
            columns: ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"] + (showsSize ? ["Size"] : []),
            rawKeys: [
                ("container_id", "ID"), ("image", "Image"), ("command", "Command"), ("created_at", "CreatedAt"), ("state", "State"),
                ("status", "Status"), ("names", "Names"), ("labels", "Labels"), ("ports", "Ports"),
            ] + (showsSize ? [("size", "Size")] : []),
            labels: \.labels)
    }

    /// Names without the slash; shortened, those that come from links of others are left out.
    private static func names(_ container: ContainerSummary, truncates: Bool) -> String {
        let names = container.names.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
        return (truncates ? names.filter { !$0.contains("/") } : names).joined(separator: ",")
    }

    /// An image that lost its name is shown by its id.
    private static func image(_ container: ContainerSummary, truncates: Bool) -> String {
        guard !container.image.isEmpty else { return "<no image>" }
        guard truncates else { return container.image }
        if container.image == container.imageID { return Identifier.short(container.image) }
        if container.image.hasPrefix("sha256:") || Identifier.isFull(container.image) { return Identifier.short(container.image) }
        // A digest behind a tag is left out.
        return container.image.split(separator: "@", maxSplits: 1).first.map(String.init) ?? container.image
    }

    private static func command(_ text: String, truncates: Bool) -> String {
        var quoted = ""
        Value.quote(truncates ? Shortening.ellipsis(text, 20) : text, into: &quoted)
        return quoted
    }

    private static func size(_ container: ContainerSummary) -> String {
        let own = ByteSize.decimal(container.sizeRw, digits: 3)
        guard container.sizeRootFs > 0 else { return own }
        return "\(own) (virtual \(ByteSize.decimal(container.sizeRootFs, digits: 3)))"
    }

    private static func labels(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    private static func mounts(_ container: ContainerSummary, truncates: Bool) -> String {
        container.mounts.map { mount in
            let name = mount.name.isEmpty ? mount.source : mount.name
            return truncates ? Shortening.ellipsis(name, 15) : name
        }.joined(separator: ",")
    }

    /// `healthy` of `Up 2 minutes (healthy)`.
    private static func healthStatus(_ status: String) -> String {
        for word in ["healthy", "unhealthy"] where status.hasSuffix("(\(word))") { return word }
        return status.hasSuffix("(health: starting)") ? "starting" : "none"
    }
}

/// Ports as `ps` shows them: `0.0.0.0:8080->80/tcp, 8000-8002->8000-8002/tcp, 443/tcp`.
enum PortsText {
    /// Neighbouring ports of one address and protocol become a range. Source: docker CLI, DisplayablePorts.
    static func of(_ ports: [Port]) -> String {
        struct Group: Hashable {
            var address: String
            var proto: String
        }
        var ranges: [Group: (first: Port, last: Port)] = [:]
        var order: [Group] = []
        var result: [String] = []
        var unfolded: [String] = []
        for port in ports.sorted(by: isBefore) {
            if port.publicPort != 0, port.publicPort != port.privatePort {
                unfolded.append(text(port, port))
                continue
            }
            let group = Group(address: port.publicPort == 0 ? "" : port.ip, proto: port.type)
            guard let range = ranges[group] else {
                ranges[group] = (port, port)
                order.append(group)
                continue
            }
            if range.last.privatePort == port.privatePort { continue }
            if range.last.privatePort + 1 == port.privatePort, (range.last.publicPort == 0) == (port.publicPort == 0) {
                ranges[group]?.last = port
            } else {
                result.append(text(range.first, range.last))
                ranges[group] = (port, port)
            }
        }
        result += order.compactMap { group in ranges[group].map { text($0.first, $0.last) } }
        return (result + unfolded).joined(separator: ", ")
    }

    private static func isBefore(_ left: Port, _ right: Port) -> Bool {
        if left.privatePort != right.privatePort { return left.privatePort < right.privatePort }
        if left.ip != right.ip { return left.ip < right.ip }
        if left.publicPort != right.publicPort { return left.publicPort < right.publicPort }
        return left.type < right.type
    }

    private static func text(_ first: Port, _ last: Port) -> String {
        func range(_ from: UInt16, _ to: UInt16) -> String { from == to ? "\(from)" : "\(from)-\(to)" }
        let inside = "\(range(first.privatePort, last.privatePort))/\(first.type)"
        guard first.publicPort != 0 else { return inside }
        let address = first.ip.contains(":") ? "[\(first.ip)]" : first.ip
        let outside = range(first.publicPort, last.publicPort)
        return address.isEmpty ? "\(outside)->\(inside)" : "\(address):\(outside)->\(inside)"
    }
}
