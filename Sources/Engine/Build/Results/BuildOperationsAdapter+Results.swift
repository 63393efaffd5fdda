import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI
import RegistryClient

/// What clients fetch of a result after the build, and pushes of it.
extension BuildOperationsAdapter {
    func assemble(_ entry: BuildResults.Entry) async throws -> AssembledResult {
        let assembler = ResultAssembler(
            store: context.imageStore, forms: images.transfer.layerForms, result: entry.result, form: entry.form, names: entry.names
        )
        return try await BlockingWork.run { try assembler.assemble() }
    }

    func exportTree(_ resultID: String, isSplit: Bool?, to sink: ByteSink) async throws {
        let result = try results.find(resultID).result
        let tree = ResultTree(store: context.imageStore, result: result, isSplit: isSplit ?? (result.parts.count > 1))
        try await BlockingWork.writing(to: sink) { write in try tree.write { try write(Array($0)) } }
    }

    func exportArchive(_ resultID: String, isDocker: Bool, to sink: ByteSink) async throws {
        let entry = try results.find(resultID)
        guard !isDocker || !entry.result.isIndex else {
            throw GantryError.unsupported(
                "docker exporter does not currently support exporting manifest lists",
                hint: "use `type=oci`, or leave `dest` out: the daemon's store holds lists of images")
        }
        try await writeArchive(entry, isDocker: isDocker, to: sink)
        try await collectGarbage()
    }

    private func writeArchive(_ entry: BuildResults.Entry, isDocker: Bool, to sink: ByteSink) async throws {
        let store = context.imageStore
        // Holds the compressed layers until they are written.
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        let archive = ResultArchive(
            store: store, assembled: try await assemble(entry), form: entry.form, forms: images.transfer.layerForms,
            names: entry.names, kind: isDocker ? .docker : .oci)
        try await BlockingWork.writing(to: sink) { write in try archive.write { try write(Array($0)) } }
    }

    /// Compressed layers that nothing points to are not kept.
    private func collectGarbage() async throws {
        let store = context.imageStore
        try await BlockingWork.run { try store.collectGarbage() }
    }

    func pushResult(
        _ resultID: String, as reference: Reference, byDigest: Bool, credentials: RegistryLogin?, progress: @escaping ProgressSink
    ) async throws {
        guard !byDigest || reference.tag == nil else {
            throw GantryError.invalid("can't push tagged ref \(reference.familiar) by digest")
        }
        try await images.transfer.push(
            try results.find(resultID), as: reference, byDigest: byDigest, credentials: credentials, progress: progress)
        try await collectGarbage()
    }
}

extension ImageTransfer {
    /// Pushes the list of images that a name stands for.
    func push(
        _ list: ImageList, as name: Reference, repository: RegistryRepository, progress: @escaping ProgressSink
    ) async throws {
        let listed: ListedResult
        do { listed = try JSONDecoder().decode(ListedResult.self, from: list.details) } catch {
            throw GantryError.internal("the list of images of \(name.familiar) cannot be read", cause: error)
        }
        let entry = BuildResults.Entry(
            result: listed.result, form: listed.form, names: try listed.names.map { try Reference($0) })
        try await push(entry, as: name, tag: name.tag, to: repository, progress: progress)
    }

    /// Pushes a result under one name.
    func push(
        _ entry: BuildResults.Entry, as reference: Reference, byDigest: Bool, credentials: RegistryLogin?,
        progress: @escaping ProgressSink
    ) async throws {
        let named = byDigest ? reference : reference.withDefaultTag
        try await progress(ProgressMessage(status: "The push refers to repository [\(reference.repository)]"))
        let repository = try await client.repository(of: named, credentials: RegistryCredentials(credentials), access: .push)
        try await push(entry, as: named, tag: byDigest ? nil : named.tag, to: repository, progress: progress)
    }

    private func push(
        _ entry: BuildResults.Entry, as named: Reference, tag: String?, to repository: RegistryRepository,
        progress: @escaping ProgressSink
    ) async throws {
        let store = context.imageStore
        // Holds compressed layers that no record points to.
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        let assembler = ResultAssembler(store: store, forms: layerForms, result: entry.result, form: entry.form, names: entry.names)
        let assembled = try await BlockingWork.run { try assembler.assemble() }
        let pusher = ResultPusher(store: store, repository: repository, assembled: assembled, forms: layerForms, form: entry.form)
        try await ProgressRelay.run(to: progress) { relay in try await pusher.push(tag: tag, relay) }
        if let image = entry.result.main?.image {
            try store.setRepoDigest(named, manifestDigest: assembled.root.descriptor.digest, image: image)
            context.events.publish("image", "push", actor: named.familiar, attributes: ["name": named.familiarRepository])
        }
    }
}
