import Builder
import Essentials
import OCI

@testable import Engine

/// An engine of fakes.
struct FakeEngine: EngineOperations {
    let fakeContainers = FakeContainers()

    var containers: any ContainerOperations { fakeContainers }
    var images: any ImageOperations { FakeImages() }
    var networks: any NetworkOperations { FakeNetworks() }
    var volumes: any VolumeOperations { FakeVolumes() }
    var builds: any BuildOperations { FakeBuilds() }
    var system: any SystemOperations { FakeSystem() }
}

private let unused = GantryError.unsupported("not part of this fake")

struct FakeImages: ImageOperations {
    func pull(
        _ reference: Reference, allTags: Bool, platform: Platform?, allPlatforms: Bool, credentials: RegistryLogin?,
        progress: @escaping ProgressSink
    ) async throws {
        guard reference.path == "library/busybox" else {
            throw GantryError.notFound("manifest for \(reference) not found: manifest unknown: manifest unknown")
        }
        try await progress(ProgressMessage(status: "Pulling from library/busybox", id: reference.tag))
        try await progress(ProgressMessage(status: "Downloading", id: "abc", current: 5, total: 10))
        throw GantryError.internal("the registry went away")
    }

    func push(
        _ reference: Reference, platform: Platform?, credentials: RegistryLogin?, progress: @escaping ProgressSink
    ) async throws {
        var message = ProgressMessage()
        message.pushed = (tag: reference.tag ?? "", digest: Digest(sha256: [UInt8](repeating: 2, count: 32)), size: 528)
        try await progress(ProgressMessage(status: credentials?.username))
        try await progress(message)
    }

    func remove(_ name: NameOrID, force: Bool, prune: Bool) async throws -> [ImageRemovalRow] {
        [.untagged(name), .deleted(Digest(sha256: [UInt8](repeating: 3, count: 32)))]
    }

    func list(all: Bool, filters: [String: [String]], sharedSize: Bool) async throws -> [ImageDetails] { [] }
    func details(_ name: NameOrID) async throws -> ImageDetails { throw GantryError.notFound("No such image: \(name)") }
    func history(_ name: NameOrID) async throws -> [ImageHistoryRow] { throw unused }
    func tag(_ name: NameOrID, as reference: Reference) async throws { throw unused }
    func prune(filters: [String: [String]]) async throws -> (removed: [ImageRemovalRow], reclaimed: Int64) { ([], 0) }
    func save(_ names: [NameOrID], platforms: [Platform], to sink: ByteSink) async throws {
        throw GantryError.notFound("No such image: \(names[0])")
    }
    func load(_ archive: ByteStream, platforms: [Platform], quiet: Bool, progress: @escaping ProgressSink) async throws {
        var count = 0
        for try await piece in archive { count += piece.count }
        try await progress(ProgressMessage(stream: "Loaded image: \(count)\n"))
    }
    func importArchive(
        _ archive: ByteStream, as reference: Reference?, message: String, changes: [String], platform: Platform?,
        progress: @escaping ProgressSink
    ) async throws { throw unused }
    func login(_ login: RegistryLogin) async throws -> String { "" }
    func distribution(_ reference: Reference, credentials: RegistryLogin?) async throws -> (Descriptor, [Platform]) { throw unused }
}

struct FakeNetworks: NetworkOperations {
    func create(_ request: NetworkCreateRequest) async throws -> (id: String, warning: String) { (request.name, "") }
    func list(filters: [String: [String]]) async throws -> [NetworkDetails] { [] }
    func details(_ name: NameOrID) async throws -> NetworkDetails { throw GantryError.notFound("network \(name) not found") }
    func remove(_ name: NameOrID) async throws {}
    func connect(_ network: NameOrID, container: NameOrID, settings: NetworkAttachmentSettings) async throws {}
    func disconnect(_ network: NameOrID, container: NameOrID, force: Bool) async throws {}
    func prune(filters: [String: [String]]) async throws -> PruneReport { PruneReport(removed: [], reclaimed: 0) }
}

struct FakeVolumes: VolumeOperations {
    func create(name: String?, driver: String, options: [String: String], labels: [String: String]) async throws -> VolumeDetails {
        VolumeDetails(
            name: name ?? "", driver: driver, mountpoint: "/m", createdAt: Timestamp(nanoseconds: 1_795_460_954_500_000_000),
            labels: labels, options: options, scope: "local")
    }
    func list(filters: [String: [String]]) async throws -> [VolumeDetails] { [] }
    func details(_ name: String) async throws -> VolumeDetails { throw GantryError.notFound("get \(name): no such volume") }
    func remove(_ name: String, force: Bool) async throws {}
    func prune(all: Bool, filters: [String: [String]]) async throws -> PruneReport {
        PruneReport(removed: all ? ["named"] : [], reclaimed: 0)
    }
}

struct FakeBuilds: BuildOperations {
    func builds() async throws -> [BuildHistoryEntry] { [] }
    func build(_ id: String) async throws -> (entry: BuildHistoryEntry, log: String) {
        throw GantryError.notFound("no build `\(id)` in the history")
    }
    func layers(of image: String) async throws -> LayerReport { throw GantryError.notFound("No such image: \(image)") }
    func exportLayers(_ chainID: Digest?, to sink: ByteSink) async throws { try await sink(Array("tree".utf8)) }
    func compare(_ image: String, with other: String) async throws -> ImageComparison {
        throw GantryError.notFound("No such image: \(image)")
    }
    func exportTree(_ resultID: String, isSplit: Bool?, to sink: ByteSink) async throws {
        try await sink(Array("tree of \(resultID), split: \(isSplit.map { "\($0)" } ?? "open")".utf8))
    }
    func exportArchive(_ resultID: String, isDocker: Bool, to sink: ByteSink) async throws {
        try await sink(Array("\(isDocker ? "docker" : "oci") archive of \(resultID)".utf8))
    }
    func pushResult(
        _ resultID: String, as reference: Reference, byDigest: Bool, credentials: RegistryLogin?,
        progress: @escaping ProgressSink
    ) async throws {
        try await progress(ProgressMessage(status: "pushing \(resultID) as \(reference.familiar)\(byDigest ? " by digest" : "")"))
    }

    func build(
        _ request: ImageBuildRequest, context: ByteStream, events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        guard request.dockerfile == "Dockerfile" else {
            throw GantryError.internal("Cannot locate specified Dockerfile: \(request.dockerfile)")
        }
        let id = Digest(sha256: [UInt8](repeating: 4, count: 32))
        try await events(.plan(total: 2))
        try await events(.stepStarted(label(1, "FROM busybox")))
        try await events(.stepFinished(id: 1, milliseconds: 1, image: String(repeating: "7", count: 64)))
        try await events(.stepStarted(label(2, "RUN exit 5")))
        if request.options.target == "fail" {
            let failure = BuildFailure(
                GantryError.invalid("process did not complete"),
                classicMessage: "The command '/bin/sh -c exit 5' returned a non-zero code: 5", exitCode: 5)
            try await events(.stepFailed(id: 2, milliseconds: 2, failure: failure))
            throw failure
        }
        try await events(.stepFinished(id: 2, milliseconds: 1, image: nil))
        try await events(.imageWritten(id, milliseconds: 9))
        for tag in request.tags { try await events(.tagged(tag.familiar)) }
        return id
    }

    private func label(_ id: Int, _ name: String) -> BuildStepLabel {
        let keyword = String(name.prefix { $0 != " " })
        return BuildStepLabel(id: id, name: name, keyword: keyword, stage: "", index: id, total: 2, isMetadata: false)
    }

    func cancel(_ buildID: String) async throws {}
    func cacheRecords(filters: [String: [String]]) async throws -> [DiskUsage.CacheRecord] { [] }
    func exportMount(_ id: String, to sink: ByteSink) async throws { throw unused }
    func importMount(_ id: String, from archive: ByteStream) async throws { throw unused }
    func holdMounts(_ id: String, to sink: ByteSink) async throws { throw unused }
    func pushMount(_ id: String, as reference: Reference, credentials: RegistryLogin?) async throws -> Digest { throw unused }
    func pullMount(_ id: String, from reference: Reference, credentials: RegistryLogin?) async throws { throw unused }
    func pruneCache(all: Bool, filters: [String: [String]], budget: BuildCacheBudget) async throws -> PruneReport {
        PruneReport(removed: [], reclaimed: 0)
    }
}

struct FakeSystem: SystemOperations {
    func information() async throws -> SystemInformation { SystemInformation() }
    func diskUsage() async throws -> DiskUsage {
        DiskUsage(layersSize: 5, images: [], containers: [], volumes: [], buildCache: [])
    }
    func events(since: Timestamp?, until: Timestamp?, filters: [String: [String]]) async throws -> AsyncStream<EngineEvent> {
        AsyncStream { continuation in
            continuation.yield(
                EngineEvent(
                    type: "container", action: "die", actorID: "abc", attributes: ["image": "busybox", "exitCode": "0"],
                    time: Timestamp(nanoseconds: 1_795_461_073_953_827_349)))
            continuation.finish()
        }
    }
}
