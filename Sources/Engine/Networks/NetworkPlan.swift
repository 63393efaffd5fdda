import Essentials

/// Which networks a container is to be in.
enum NetworkPlan {
    /// How the network namespace of a container comes to be.
    enum Mode: Equatable {
        case host
        case none
        case container(NameOrID)
        /// Attached to networks.
        case networks
    }

    static func mode(_ settings: ContainerSettings) -> Mode {
        switch settings.host.networkMode {
        case "host": .host
        case "none": .none
        case let mode where mode.hasPrefix("container:"): .container(String(mode.dropFirst(10)))
        default: .networks
        }
    }

    /// The name of the network that `--network` gives, `bridge` when it gives none.
    static func primary(_ settings: ContainerSettings) -> String {
        let mode = settings.host.networkMode
        return mode.isEmpty || mode == "default" ? "bridge" : mode
    }

    /// The attachments that a new container asks for, the primary network first. Names are looked up when it starts.
    static func initial(_ settings: ContainerSettings) -> [NetworkAttachment] {
        if settings.networkDisabled { return [] }
        guard mode(settings) == .networks || mode(settings) == .none || mode(settings) == .host else { return [] }
        let first = primary(settings)
        var names = [first]
        names += settings.networks.keys.filter { $0 != first && !(first == "bridge" && $0 == "default") }.sorted()
        return names.map { name in
            var own =
                settings.networks[name] ?? (name == "bridge" ? settings.networks["default"] : nil) ?? NetworkAttachmentSettings()
            if name == first, own.macAddress == nil, !settings.macAddress.isEmpty { own.macAddress = settings.macAddress }
            return NetworkAttachment(networkID: "", networkName: name, settings: own)
        }
    }
}
