import Essentials
import OCI

/// The filters of the container list. Source: `engine-api.md` §3, container list filters.
struct ContainerFilter {
    private static let known: Set<String> = [
        "ancestor", "before", "since", "exited", "health", "id", "isolation", "is-task", "label", "name", "network", "publish",
        "expose",
        "status", "volume",
    ]
    private static let phases: Set<String> = ["created", "restarting", "running", "removing", "paused", "exited", "dead"]

    private let filters: [String: [String]]
    private let exitCodes: Set<Int32>?

    init(_ filters: [String: [String]]) throws(GantryError) {
        for key in filters.keys.sorted() where !Self.known.contains(key) { throw .invalid("invalid filter '\(key)'") }
        for phase in filters["status"] ?? [] where !Self.phases.contains(phase) {
            throw .invalid("invalid filter 'status=\(phase)'")
        }
        for health in filters["health"] ?? [] where !["starting", "healthy", "unhealthy", "none"].contains(health) {
            throw .invalid("unrecognised filter value for health: \(health)")
        }
        var codes: Set<Int32>?
        for text in filters["exited"] ?? [] {
            guard let code = Int32(text) else {
                throw .invalid("invalid filter 'exited=\(text)': strconv.Atoi: parsing \"\(text)\": invalid syntax")
            }
            codes = (codes ?? []).union([code])
        }
        for key in ["publish", "expose"] {
            for text in filters[key] ?? [] { try Self.checkPort(text, key: key) }
        }
        exitCodes = codes
        self.filters = filters
    }

    var before: NameOrID? { filters["before"]?.first }
    var since: NameOrID? { filters["since"]?.first }
    /// Stopped containers are listed, too, when the filter asks for them.
    var namesPhases: Bool { filters["status"] != nil }

    func admits(_ record: ContainerRecord, health: ContainerHealth?, ancestors: Set<String>) -> Bool {
        any("id") { matches($0, record.id) }
            && any("name") { matches($0, record.name) || matches($0, "/" + record.name) }
            && any("status") { $0 == record.phase.word }
            && any("ancestor") { ancestors.contains($0) || ($0.count >= 6 && record.imageID.hex.hasPrefix($0)) }
            && any("health") { $0 == (health?.status.rawValue ?? "none") }
            && any("network") { name in
                record.attachments.contains { $0.networkName == name || (!name.isEmpty && $0.networkID.hasPrefix(name)) }
            }
            && any("volume") { value in record.mounts.contains { $0.source == value || $0.destination == value } }
            && any("publish") { port in
                record.settings.host.portBindings.keys.contains { Self.port(port, covers: $0) }
                    || record.ports.values.joined().contains { Self.port(port, covers: "\($0.hostPort)/tcp") }
            }
            && any("expose") { port in record.settings.exposedPorts.contains { Self.port(port, covers: $0) } }
            && any("is-task") { ["false", "0"].contains($0.lowercased()) }
            && any("isolation") { $0 == "default" || $0.isEmpty }
            && (filters["label"] ?? []).allSatisfy { PruneFilter.matches($0, record.settings.labels) }
            && (exitCodes.map { record.phase == .exited && $0.contains(record.run.exitCode) } ?? true)
    }

    private func any(_ key: String, _ test: (String) -> Bool) -> Bool { filters[key].map { $0.contains(where: test) } ?? true }

    /// Exact, or as a regular expression anywhere in the text, as Docker matches names and ids.
    private func matches(_ pattern: String, _ text: String) -> Bool {
        if pattern == text || text.contains(pattern) { return true }
        guard let expression = try? Regex(pattern) else { return false }
        return text.firstMatch(of: expression) != nil
    }

    private static func checkPort(_ text: String, key: String) throws(GantryError) {
        let number = String(text.prefix { $0 != "/" })
        for part in number.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false) where UInt16(part) == nil {
            throw .invalid("error while looking up for \(key) \(text): strconv.ParseUint: parsing \"\(part)\": invalid syntax")
        }
    }

    /// `80`, `80/udp` or `80-90` against `80/tcp`.
    private static func port(_ filter: String, covers key: String) -> Bool {
        let parts = filter.split(separator: "/").map(String.init)
        let proto = parts.count == 2 ? parts[1] : "tcp"
        guard let first = parts.first, let range = try? PortText.hostRange(first), let port = try? PortText.parse(key) else {
            return false
        }
        return port.proto == proto && range.contains(port.number)
    }
}
