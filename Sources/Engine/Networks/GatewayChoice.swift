import Networks

/// Which of a container's networks its default route leads through, and its ports are published in.
enum GatewayChoice {
    struct Candidate {
        var network: Network
        /// `gw-priority`; the highest wins.
        var priority: Int
    }

    /// Of equals the one whose name comes first, so that the order in which they were entered does not matter.
    /// Source: docker network connect, gw-priority.
    /// - Returns: the network's id; nil when none leads out of the host.
    static func best(_ candidates: [Candidate]) -> String? {
        candidates.filter { $0.network.driver == "bridge" && !$0.network.isInternal }
            .min { (-$0.priority, $0.network.name) < (-$1.priority, $1.network.name) }?.network.id
    }

    static func of(_ attachments: [NetworkAttachment], _ context: EngineContext) async throws -> String? {
        var candidates: [Candidate] = []
        for attachment in attachments {
            candidates.append(
                Candidate(
                    network: try await context.networks.network(attachment.nameOrID), priority: attachment.settings.gatewayPriority)
            )
        }
        return best(candidates)
    }
}
