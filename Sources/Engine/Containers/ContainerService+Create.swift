import ContainerRuntime
import Essentials
import Images
import LinuxSystem
import Logging
import OCI
import Volumes

extension ContainerService {
    func create(_ request: ContainerCreateRequest) async throws -> ContainerCreated {
        if let name = request.name { try ContainerName.check(Self.bare(name)) }
        var request = request
        request.settings.host.applyLogDefaults(context.configuration)
        if request.settings.host.runtime.isEmpty { request.settings.host.runtime = context.configuration.defaultRuntime }
        _ = try RuntimeChoice.runtime(request.settings.host.runtime, context.configuration)
        try SettingsCheck.check(request.settings)
        try RemappedRun.check(request.settings, context.configuration)
        for settings in request.settings.networks.values { _ = try LinkSettings(settings) }
        try ContainerLinks.check(request.settings, context: context)
        let image = try image(request.settings.image, for: request.platform)
        if let platform = request.platform, platform.architecture != image.config.architecture || platform.os != image.config.os {
            throw GantryError.notFound(
                "image with reference \(request.settings.image) was found but its platform (\(image.config.os)/\(image.config.architecture)) does not match the specified platform (\(platform.os)/\(platform.architecture))"
            )
        }
        var settings = try ImageDefaults.merge(request.settings, with: image.config.config ?? ContainerDefaults())
        settings.host.capabilitiesAdded = DefaultSpecification.normalized(settings.host.capabilitiesAdded)
        settings.host.capabilitiesDropped = DefaultSpecification.normalized(settings.host.capabilitiesDropped)
        try SharedNamespaces.pin(&settings.host, context)
        let discarded = try ResourceSupport(context.runtime.cgroups).adapt(&settings.host.resources)
        try Self.checkParent(settings.host.resources.cgroupParent, driver: context.runtime.cgroups.driver)
        let id = Identifier.random()
        let name = request.name.map(Self.bare) ?? NameGenerator.make(isTaken: context.isTaken)
        if settings.hostname.isEmpty { settings.hostname = try await inheritedHostname(settings) ?? Identifier.short(id) }
        try context.reserve(name: name, for: id)
        do {
            try await make(id: id, name: name, settings: settings, image: image)
        } catch {
            context.release(name: name, of: id)
            throw error
        }
        return ContainerCreated(id: id, warnings: discarded + Self.warnings(settings))
    }

    /// The image of a name; of a list the one for the platform.
    private func image(_ name: String, for platform: Platform?) throws -> Image {
        let store = context.imageStore
        if let platform, let list = try (try? Reference(name)).flatMap({ try store.list(named: $0) }),
            let other = try list.image(for: platform).flatMap({ try store.image(id: $0) })
        {
            return other
        }
        return try store.image(name)
    }

    private static func bare(_ name: String) -> String { name.hasPrefix("/") ? String(name.dropFirst()) : name }

    private func inheritedHostname(_ settings: ContainerSettings) async throws -> String? {
        let mode = settings.host.networkMode
        if mode == "host" || settings.host.utsMode == "host" { return HostInformation.hostname() }
        guard mode.hasPrefix("container:") else { return nil }
        // A container that is not there is told at the start: a client takes "not found" from here for a missing image.
        guard let other = try? context.container(String(mode.dropFirst(10))) else { return nil }
        return await other.record.settings.hostname
    }

    /// Makes everything a container owns, last its record; takes it all back when a part fails.
    private func make(id: String, name: String, settings: ContainerSettings, image: Image) async throws {
        let planned = try MountPlanner(
            settings: settings, imageVolumes: (image.config.config?.volumes ?? [:]).keys.sorted(),
            inherited: try await inheritedMounts(settings), newVolumeName: { Identifier.random() }
        ).plan()
        var record = ContainerRecord(
            id: id, name: name, createdAt: .now(), settings: settings, program: ImageDefaults.program(settings), imageID: image.id,
            chainID: image.topLayer, platform: image.config.platform)
        record.mounts = try planned.mounts.map(pinned)
        record.anonymousVolumes = planned.anonymous
        record.attachments = NetworkPlan.initial(settings)
        var undo: [() -> Void] = []
        do {
            try makeVolumes(record, undo: &undo)
            let directory = context.configuration.containerDirectory(id)
            try FileSystem.makeDirectories(directory, mode: 0o710)
            undo.append { [context] in Self.attempt(context, "directory") { try FileSystem.removeTree(directory) } }
            _ = try context.imageStore.prepareSnapshot(id: id, parent: image.topLayer)
            undo.append { [context] in Self.attempt(context, "snapshot") { try context.imageStore.removeSnapshot(id: id) } }
            try context.containerTable.save(record)
        } catch {
            for step in undo.reversed() { step() }
            throw error
        }
        let container = Container(record: record, context: context)
        context.add(container, name: name)
        await container.publish("create")
    }

    /// A mount of an image names it by its id from now on: the tag may move.
    private func pinned(_ mount: ResolvedMount) throws -> ResolvedMount {
        guard mount.kind == .image else { return mount }
        var result = mount
        do { result.source = try context.imageStore.image(mount.source).id.description } catch let error as GantryError {
            // Not "not found": a client would take that for the container's own image and pull it.
            throw GantryError.invalid("invalid mount config for type \"image\": \(error.message)")
        }
        return result
    }

    private static func attempt(_ context: EngineContext, _ what: String, _ body: () throws -> Void) {
        do { try body() } catch {
            context.logger.warning(
                "could not be taken back after a failed create", metadata: ["what": "\(what)", "error": "\(error)"])
        }
    }

    private func makeVolumes(_ record: ContainerRecord, undo: inout [() -> Void]) throws {
        for mount in record.mounts where mount.kind == .volume {
            let anonymous = record.anonymousVolumes.contains(mount.source)
            let request = record.settings.host.mounts.first { $0.destination == mount.destination }
            let existed = context.volumes.isThere(mount.source)
            var labels = request?.volumeLabels ?? [:]
            if anonymous { labels["com.docker.volume.anonymous"] = "" }
            _ = try context.volumes.create(
                name: mount.source, driver: mount.driver.isEmpty ? "local" : mount.driver, options: request?.volumeOptions ?? [:],
                labels: labels)
            try context.volumes.addReference(volume: mount.source, container: record.id, destination: mount.destination)
            undo.append { [context] in
                Self.attempt(context, "volume") {
                    _ = try context.volumes.removeReferences(container: record.id)
                    if !existed { try context.volumes.remove(mount.source, force: false) }
                }
            }
            if !existed { context.events.publish("volume", "create", actor: mount.source, attributes: ["driver": mount.driver]) }
        }
        for mount in record.mounts where mount.kind == .bind && !mount.createSource {
            guard FileSystem.exists(mount.source) else {
                throw GantryError.invalid(
                    "invalid mount config for type \"bind\": bind source path does not exist: \(mount.source)")
            }
        }
    }

    /// Mounts of the containers named by `--volumes-from`.
    private func inheritedMounts(_ settings: ContainerSettings) async throws -> [ResolvedMount] {
        var result: [ResolvedMount] = []
        for text in settings.host.volumesFrom {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            let mode = parts.count == 2 ? parts[1] : ""
            guard ["", "ro", "rw", "z", "Z"].contains(mode) else { throw GantryError.invalid("invalid mode: \(mode)") }
            let donor: Container
            do { donor = try context.container(parts.first ?? text) } catch {
                // Not "not found": a client would take that for the image and pull it.
                throw GantryError.invalid(error.message)
            }
            let source = await donor.record
            result += source.mounts.filter { $0.kind != .tmpfs }.map { mount in
                var copy = mount
                copy.readOnly = mount.readOnly || mode == "ro"
                return copy
            }
        }
        return result
    }

    private static func checkParent(_ parent: String, driver: CgroupDriver) throws(GantryError) {
        guard !parent.isEmpty else { return }
        if driver == .systemd, !parent.hasSuffix(".slice") || parent.contains("/") {
            throw .invalid("cgroup-parent for systemd cgroup should be a valid slice named as \"xxx.slice\"")
        }
        guard !parent.split(separator: "/").contains(".."), !parent.contains(":") else {
            throw .invalid("invalid cgroup parent `\(parent)`: expected a path without `..`")
        }
    }

    private static func warnings(_ settings: ContainerSettings) -> [String] {
        var result: [String] = []
        if settings.host.publishAllPorts || !settings.host.portBindings.isEmpty, settings.host.networkMode == "host" {
            result.append("Published ports are discarded when using host network mode")
        }
        return result
    }
}
