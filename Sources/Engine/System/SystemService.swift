import ContainerRuntime
import Essentials
import Images
import Networks

/// The daemon and its host.
struct SystemService: SystemOperations {
    let context: EngineContext
    let volumes: VolumeService
    let images: ImageService
    let containers: ContainerService
    let builds: BuildOperationsAdapter
    let engineID: String

    func information() async throws -> SystemInformation {
        var result = SystemInformation()
        result.id = engineID
        for container in context.allContainers {
            switch await container.record.phase {
            case .running, .restarting: result.containersRunning += 1
            case .paused: result.containersPaused += 1
            default: result.containersStopped += 1
            }
        }
        result.images = try context.imageStore.list().count
        result.driverStatus = [["Backing Filesystem", "extfs"], ["Supports d_type", "true"], ["Native Overlay Diff", "true"]]
        result.runtimes = context.configuration.runtimes
        result.defaultRuntime = context.configuration.defaultRuntime
        addControlGroups(to: &result)
        result.ipv4Forwarding = HostInformation.forwardsIPv4()
        if !result.ipv4Forwarding { result.warnings.append("WARNING: IPv4 forwarding is disabled") }
        result.debug = context.configuration.debug
        result.logDrivers = LogConfiguration.Driver.allCases.filter { $0 != .none }.map(\.rawValue).sorted()
        result.logDriver = context.configuration.logDriver
        result.openDescriptors = HostInformation.openDescriptors()
        result.eventListeners = context.events.listenerCount
        result.kernelVersion = HostInformation.kernelVersion()
        (result.operatingSystem, result.operatingSystemVersion) = HostInformation.operatingSystem()
        result.architecture = HostInformation.architecture
        result.processors = HostInformation.processors()
        result.memory = HostInformation.memory()
        result.dataRoot = context.configuration.dataRoot
        result.hostname = HostInformation.hostname()
        result.labels = context.configuration.labels
        result.registryMirrors = context.configuration.registryMirrors
        result.insecureRegistries = context.configuration.insecureRegistries
        let appArmor = AppArmorHost()
        if appArmor.isEnabled {
            if let warning = AppArmorChoice.warning(appArmor) {
                result.warnings.append("WARNING: \(warning)")
            } else {
                result.securityOptions.append("name=apparmor")
            }
        }
        result.securityOptions += ["name=seccomp,profile=builtin"] + (result.cgroupVersion == "2" ? ["name=cgroupns"] : [])
        if context.configuration.userRemap != nil { result.securityOptions.append("name=userns") }
        result.addressPools = NetworkConfiguration.defaultPools.map { ($0.base, $0.size) }
        return result
    }

    private func addControlGroups(to result: inout SystemInformation) {
        let cgroups = context.runtime.cgroups
        let features = cgroups.features()
        result.cgroupVersion = cgroups.version
        result.cgroupDriver = cgroups.driver.rawValue
        result.memoryLimit = features.memoryLimit
        result.swapLimit = features.swapLimit
        result.kernelMemoryTCP = features.kernelMemoryTCP
        result.cpuQuota = features.cpuQuota
        result.cpuShares = features.cpuShares
        result.cpuset = features.cpuset
        result.pidsLimit = features.pids
        result.oomKillDisable = features.oomKillDisable
        result.warnings += ResourceSupport(cgroups).hostWarnings
    }

    func diskUsage() async throws -> DiskUsage {
        var query = ContainerQuery()
        query.all = true
        query.size = true
        return DiskUsage(
            layersSize: try context.imageStore.diskUsage().layersSize,
            images: try await images.list(all: true, filters: [:], sharedSize: true), containers: try await containers.list(query),
            volumes: try volumes.usage(), buildCache: try await builds.cacheRecords())
    }

    func events(since: Timestamp?, until: Timestamp?, filters: [String: [String]]) async throws -> AsyncStream<EngineEvent> {
        let filter = EventFilter(filters)
        let all = try context.events.stream(since: since, until: until)
        let (stream, continuation) = AsyncStream<EngineEvent>.makeStream(bufferingPolicy: .bufferingNewest(EventLog.capacity))
        // Ends with the source or when the listener goes away.
        let task = Task {
            for await event in all where filter.admits(event) { continuation.yield(event) }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }
}

/// The filters of the event stream; keys that it does not know are passed over, as Docker does. Source: `engine-api.md` §7.
struct EventFilter {
    private let filters: [String: [String]]

    init(_ filters: [String: [String]]) {
        self.filters = filters
    }

    func admits(_ event: EngineEvent) -> Bool {
        func any(_ key: String, _ test: (String) -> Bool) -> Bool { filters[key].map { $0.contains(where: test) } ?? true }
        func actor(_ type: String) -> Bool {
            any(type) { value in
                guard event.type == type else { return false }
                return !value.isEmpty && (event.actorID.hasPrefix(value) || (event.attributes["name"] ?? "").hasPrefix(value))
            }
        }
        let image = any("image") { value in
            guard event.type == "image" || event.type == "container" else { return false }
            let name = event.attributes[event.type == "image" ? "name" : "image"] ?? ""
            return event.actorID == value || name == value || name.prefix { $0 != ":" } == value
        }
        return any("type") { $0 == event.type } && any("event") { event.action == $0 || event.action.hasPrefix($0 + ":") }
            && any("scope") { $0 == "local" } && (filters["label"] ?? []).allSatisfy { PruneFilter.matches($0, event.attributes) }
            && image
            && ["container", "network", "volume", "daemon", "plugin", "node", "service", "secret", "config"].allSatisfy(actor)
    }
}
