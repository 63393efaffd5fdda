import Essentials
import Images
import Networks
import OCI
import Volumes

extension ContainerService {
    func details(_ name: NameOrID, size: Bool) async throws -> ContainerDetails {
        try await details(of: try context.container(name), size: size)
    }

    func list(_ query: ContainerQuery) async throws -> [ContainerDetails] {
        let filter = try ContainerFilter(query.filters)
        var records: [(Container, ContainerRecord)] = []
        for container in context.allContainers { records.append((container, await container.record)) }
        records.sort { $0.1.createdAt > $1.1.createdAt }
        let before = try filter.before.map { try position(of: $0, in: records) }
        let since = try filter.since.map { try position(of: $0, in: records) }
        let showsStopped = query.all || query.limit > 0 || filter.namesPhases
        var linkNames: [String: [String]] = [:]
        for (_, record) in records {
            for link in record.settings.host.links.map(ContainerLinks.Link.init) {
                linkNames[link.target, default: []].append("\(record.name)/\(link.alias)")
            }
        }
        var result: [ContainerDetails] = []
        for (index, (container, record)) in records.enumerated() {
            if query.limit > 0, result.count == query.limit { break }
            guard showsStopped || [.running, .paused, .restarting].contains(PhaseWord(record.phase)) else { continue }
            guard before.map({ index > $0 }) ?? true, since.map({ index < $0 }) ?? true else { continue }
            guard filter.admits(record, health: record.health, ancestors: ancestors(of: record)) else { continue }
            guard context.allContainersHas(container) else { continue }
            var row = try await details(of: container, size: query.size)
            row.linkNames = (linkNames[record.name] ?? []).sorted()
            result.append(row)
        }
        return result
    }

    /// The image's id and every name that leads to it.
    private func ancestors(of record: ContainerRecord) -> Set<String> {
        var names: Set<String> = [record.imageID.description, record.imageID.hex, record.imageID.short, record.settings.image]
        if let image = try? context.imageStore.image(record.imageID.description) {
            for reference in image.references {
                names.insert(reference.familiar)
                if reference.tag == "latest" { names.insert(reference.familiarRepository) }
            }
        }
        return names
    }

    private func position(of name: NameOrID, in records: [(Container, ContainerRecord)]) throws -> Int {
        let container = try context.container(name)
        return records.firstIndex { $0.0 === container } ?? 0
    }

    func details(of container: Container, size: Bool) async throws -> ContainerDetails {
        let record = await container.record
        let snapshot = try context.imageStore.snapshot(id: record.id)
        let directory = context.configuration.containerDirectory(record.id)
        // What is recorded was checked once; should it not be understood any more there is no place to show.
        let log = try? ContainerLog(record, configuration: context.configuration)
        var details = ContainerDetails(
            id: record.id, name: record.name, createdAt: record.createdAt, settings: record.settings, program: record.program,
            imageID: record.imageID, platform: record.platform, phase: record.phase, run: record.run,
            restartCount: record.restartCount,
            health: record.health, mounts: mountDetails(record), networks: await networkDetails(record),
            ports: record.ports,
            execIDs: await container.liveExecIDs, logPath: log?.shownPath ?? "",
            hostnamePath: "\(directory)/hostname",
            hostsPath: "\(directory)/hosts", resolvConfPath: "\(directory)/resolv.conf",
            layerDirectories: LayerDirectories(
                upper: snapshot?.upper ?? "", work: snapshot?.work ?? "", lower: snapshot?.lowerPaths ?? []),
            why: WhyReport(record: record, now: .now()).make())
        details.settings.host.links = record.settings.host.links.map(ContainerLinks.Link.init).map { link in
            "/\(link.target):/\(record.name)/\(link.alias)"
        }
        if record.run.startedAt == nil {
            // What will be; the option was understood when the container was made.
            details.run.appArmorProfile = (try? SecurityOptions(record.settings.host.securityOptions))?.appArmorProfile
        }
        if size {
            details.writableSize = try writableSize(record.id, snapshot)
            let image = try? context.imageStore.image(record.imageID.description)
            details.rootSize = (image?.size ?? 0) + (details.writableSize ?? 0)
        }
        return details
    }

    /// What the container itself has written.
    private func writableSize(_ id: String, _ snapshot: Snapshot?) throws -> Int64 {
        try context.imageStore.snapshotSize(id: id) - (snapshot.map { MountPoints.bytes(in: $0.upper) } ?? 0)
    }

    private func mountDetails(_ record: ContainerRecord) -> [MountDetails] {
        record.mounts.compactMap { mount in
            guard mount.kind != .tmpfs || record.settings.host.tmpfs[mount.destination] == nil else { return nil }
            let isVolume = mount.kind == .volume
            return MountDetails(
                kind: mount.kind, name: isVolume ? mount.source : "",
                source: isVolume ? context.volumes.mountpoint(mount.source) : mount.source, destination: mount.destination,
                driver: isVolume ? mount.driver : "", mode: mount.mode.isEmpty && isVolume ? "z" : mount.mode,
                writable: !mount.readOnly,
                propagation: mount.kind == .bind ? mount.propagation : "")
        }
    }

    private func networkDetails(_ record: ContainerRecord) async -> [EndpointDetails] {
        let live = await context.networks.endpoints(ofContainer: record.id)
        return record.attachments.map { attachment in
            let endpoint = live.first { $0.networkID == attachment.networkID || $0.networkName == attachment.networkName }
            var details = EndpointDetails(
                networkName: attachment.networkName, networkID: endpoint?.networkID ?? attachment.networkID,
                settings: attachment.settings)
            if let endpoint {
                details.endpointID = endpoint.id
                details.ipv4Address = endpoint.ipv4Address
                details.ipv4PrefixLength = endpoint.ipv4PrefixLength
                details.gateway = endpoint.gateway
                details.macAddress = endpoint.macAddress
                details.ipv6Address = endpoint.ipv6Address
                details.ipv6PrefixLength = endpoint.ipv6PrefixLength
                details.ipv6Gateway = endpoint.ipv6Gateway
                details.dnsNames = endpoint.networkName == "bridge" ? [] : endpoint.names
            }
            return details
        }
    }
}

/// A phase without what it carries.
struct PhaseWord: Hashable {
    let word: String
    init(_ phase: ContainerPhase) { word = phase.word }
    static let running = PhaseWord(.running(processID: 0))
    static let paused = PhaseWord(.paused(processID: 0))
    static let restarting = PhaseWord(.restarting)
}

extension EngineContext {
    /// Whether it was not removed meanwhile.
    func allContainersHas(_ container: Container) -> Bool { (try? self.container(container.id)) === container }
}
