import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import Networks

extension Container {
    func connect(to network: Network, settings: NetworkAttachmentSettings) async throws {
        try await gate.run {
            guard NetworkPlan.mode(record.settings) != .host else {
                throw GantryError.denied("container cannot be disconnected from host network or connected to host network")
            }
            if case .container = NetworkPlan.mode(record.settings) {
                throw GantryError.denied(
                    "container sharing network namespace with another container or host cannot be connected to any other network")
            }
            guard !["host", "none"].contains(network.name) else {
                throw GantryError.denied(
                    "container cannot be connected to host network - container must be created in host network")
            }
            guard !record.attachments.contains(where: { $0.networkID == network.id || $0.networkName == network.name }) else {
                throw GantryError.denied("endpoint with name \(record.name) already exists in network \(network.name)")
            }
            let attachment = NetworkAttachment(networkID: network.id, networkName: network.name, settings: settings)
            _ = try LinkSettings(settings)
            let live = try liveNetworks()
            try await live?.enter(attachment, network)
            try change { $0.attachments.append(attachment) }
            publishNetwork("connect", network)
            try await settle(live)
        }
    }

    func disconnect(from network: Network) async throws {
        try await gate.run {
            guard record.attachments.contains(where: { $0.networkID == network.id || $0.networkName == network.name }) else {
                throw GantryError.internal("container \(id) is not connected to network \(network.name)")
            }
            guard NetworkPlan.mode(record.settings) != .host else {
                throw GantryError.denied("container cannot be disconnected from host network or connected to host network")
            }
            let live = try liveNetworks()
            if live != nil { try await context.networks.detach(container: id, network: network.id) }
            try change { $0.attachments.removeAll { $0.networkID == network.id || $0.networkName == network.name } }
            publishNetwork("disconnect", network)
            try await settle(live)
        }
    }

    /// nil for a container that does not run.
    private func liveNetworks() throws -> LiveNetworks? {
        guard let processID = record.phase.processID else { return nil }
        return LiveNetworks(
            record: record, context: context, namespace: try context.runtime.open("ns/net", O_RDONLY, of: processID, in: id))
    }

    /// What follows from a change of networks that has been recorded.
    private func settle(_ before: LiveNetworks?) async throws {
        guard let before else { return }
        let ports = try await before.settle(now: record)
        try change { $0.ports = ports }
    }

    /// Tells of the networks and volumes that a run takes up or gives back, before its own event.
    func publishAttachments(began: Bool) async {
        for endpoint in await context.networks.endpoints(ofContainer: id) {
            if let network = try? await context.networks.network(endpoint.networkID) {
                publishNetwork(began ? "connect" : "disconnect", network)
            }
        }
        for mount in record.mounts where mount.kind == .volume {
            var attributes = ["container": id, "driver": mount.driver]
            if began {
                attributes["destination"] = mount.destination
                attributes["propagation"] = mount.propagation
                attributes["read/write"] = "\(!mount.readOnly)"
            }
            context.events.publish("volume", began ? "mount" : "unmount", actor: mount.source, attributes: attributes)
        }
    }

    func publishNetwork(_ action: String, _ network: Network) {
        context.events.publish(
            "network", action, actor: network.id, attributes: ["container": id, "name": network.name, "type": network.driver])
    }
}
