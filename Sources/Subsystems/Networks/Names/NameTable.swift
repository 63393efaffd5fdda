internal import Netlink
internal import Synchronization

/// Who is called what on which network; read by the name servers, written by the controller.
final class NameTable: Sendable {
    struct Lookup: Sendable, Equatable {
        /// False: somebody else may know the name.
        var isKnown: Bool
        var answers: [DNSMessage.Answer]
    }

    private struct State {
        /// By endpoint id.
        var endpoints: [String: Endpoint] = [:]
        /// Ids of networks without a way out.
        var internals: Set<String> = []
        /// Turns with every answer, so that names of several containers share the load.
        var turn = 0
    }

    private let state = Mutex(State())

    func insert(_ endpoint: Endpoint) { state.withLock { $0.endpoints[endpoint.id] = endpoint } }
    func remove(_ endpointID: String) { state.withLock { $0.endpoints[endpointID] = nil } }

    func setInternals(_ ids: Set<String>) { state.withLock { $0.internals = ids } }

    /// Whether `container` is on a network with a way out: only then are its questions passed on.
    func mayForward(_ container: String) -> Bool {
        state.withLock { state in
            state.endpoints.values.contains { $0.containerID == container && !state.internals.contains($0.networkID) }
        }
    }

    /// What `container` may know of a name, on the networks that it is on.
    func lookup(_ question: DNSMessage.Question, for container: String) -> Lookup {
        state.withLock { state in
            let mine = state.endpoints.values.filter { $0.containerID == container && $0.networkName != "bridge" }
            let networks = Set(mine.map(\.networkID))
            let visible = state.endpoints.values.filter { networks.contains($0.networkID) }
            if question.type == DNSMessage.RecordType.ptr.rawValue { return Self.reverse(question.name, visible) }
            let found = Self.find(question.name, mine: mine, visible: visible)
            guard !found.isEmpty else { return Lookup(isKnown: false, answers: []) }
            var answers: [DNSMessage.Answer] = []
            let type = DNSMessage.RecordType(rawValue: question.type)
            for endpoint in found {
                if type == .a || type == .any, let address = IPAddress(endpoint.ipv4Address) {
                    answers.append(.address(address.bytes))
                }
                if type == .aaaa || type == .any, let address = IPAddress(endpoint.ipv6Address) {
                    answers.append(.address(address.bytes))
                }
            }
            if answers.count > 1 {
                state.turn &+= 1
                let shift = Int(state.turn.magnitude % UInt(answers.count))
                answers = Array(answers[shift...] + answers[..<shift])
            }
            return Lookup(isKnown: true, answers: answers)
        }
    }

    private static func find(_ name: String, mine: [Endpoint], visible: [Endpoint]) -> [Endpoint] {
        for endpoint in mine {
            if let target = endpoint.links.first(where: { $0.key.lowercased() == name })?.value {
                return visible.filter { $0.containerName == target || $0.containerID == target || $0.containerID.hasPrefix(target) }
            }
        }
        return visible.filter { endpoint in
            endpoint.names.contains { own in
                let own = own.lowercased()
                return own == name || "\(own).\(endpoint.networkName.lowercased())" == name
            }
        }.sorted { $0.id < $1.id }
    }

    private static func reverse(_ name: String, _ visible: [Endpoint]) -> Lookup {
        guard let bytes = DNSMessage.reverseAddress(name), let address = IPAddress(bytes: bytes) else {
            return Lookup(isKnown: false, answers: [])
        }
        let found = visible.filter { IPAddress($0.ipv4Address) == address || IPAddress($0.ipv6Address) == address }
        return Lookup(isKnown: !found.isEmpty, answers: found.map { .pointer("\($0.containerName).\($0.networkName)") })
    }
}
