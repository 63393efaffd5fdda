internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

extension ContainerSummary {
    init(_ details: ContainerDetails, now: Timestamp, version: APIVersion) {
        self.init()
        id = details.id
        names = details.linkNames.map { "/" + $0 } + ["/" + details.name]
        image = details.settings.image
        imageID = details.imageID.description
        command = details.program.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
        created = details.createdAt.seconds
        ports = Self.ports(details.ports)
        sizeRw = details.writableSize ?? 0
        sizeRootFs = details.rootSize ?? 0
        labels = details.settings.labels
        state = details.phase.word
        status = Self.statusText(details, now: now)
        hostConfig.networkMode = HostConfig(details.settings.host).networkMode
        for endpoint in details.networks {
            networkSettings.networks[endpoint.networkName] = EndpointSettings(endpoint, container: details, version: version)
        }
        mounts = details.mounts.map(MountPoint.init)
    }

    /// Sorted by port, as people compare them.
    private static func ports(_ published: [String: [PublishedPort]]) -> [Port] {
        var rows: [Port] = []
        for (key, bindings) in published {
            let parts = key.split(separator: "/")
            var port = Port()
            port.privatePort = parts.first.flatMap { UInt16($0) } ?? 0
            port.type = parts.count > 1 ? String(parts[1]) : "tcp"
            if bindings.isEmpty { rows.append(port) }
            for binding in bindings {
                port.ip = binding.hostAddress
                port.publicPort = binding.hostPort
                rows.append(port)
            }
        }
        return rows.sorted { ($0.privatePort, $0.type, $0.ip, $0.publicPort) < ($1.privatePort, $1.type, $1.ip, $1.publicPort) }
    }

    /// `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`.
    static func statusText(_ details: ContainerDetails, now: Timestamp) -> String {
        func since(_ time: Timestamp?) -> String {
            HumanDuration.text(seconds: time.map { Double(now.nanoseconds - $0.nanoseconds) / 1e9 } ?? 0)
        }
        switch details.phase {
        case .running:
            let health =
                switch details.health?.status {
                case .starting: " (health: starting)"
                case .healthy: " (healthy)"
                case .unhealthy: " (unhealthy)"
                case .some(.none), nil: ""
                }
            return "Up \(since(details.run.startedAt))\(health)"
        case .paused: return "Up \(since(details.run.startedAt)) (Paused)"
        case .restarting: return "Restarting (\(details.run.exitCode)) \(since(details.run.finishedAt)) ago"
        case .removing: return "Removal In Progress"
        case .dead: return "Dead"
        case .created: return "Created"
        case .exited:
            guard details.run.finishedAt != nil else { return "Created" }
            return "Exited (\(details.run.exitCode)) \(since(details.run.finishedAt)) ago"
        }
    }
}
