import Builder
import Essentials
import LinuxSystem
import OCI

extension BuildCaches {
    var wantsInline: Bool {
        request.cacheTargets.contains { if case .inline = $0.place { true } else { false } }
    }

    func export(
        _ steps: [ExportedStep], result: [String], tell: @escaping @Sendable (BuildEvent) -> Void
    ) async throws {
        let own = Set(result)
        for target in request.cacheTargets {
            let chosen = target.includesAll ? steps : steps.filter { own.contains($0.key) }
            do {
                switch target.place {
                case .inline: break
                case .registry(let reference):
                    try await work("exporting cache to registry \(reference.familiar)") { [self] _ in
                        let place = try await RegistryCachePlace(reference, self)
                        try await CacheWriter(caches: self, target: target, place: place).write(chosen)
                    }
                case .folder(let passed, let path, let tag, let resets):
                    try await work("exporting cache to folder \(path)") { [self] _ in
                        let folder = try take(passed)
                        let place = FolderCachePlace(folder: CacheFolder(folder), store: store, tag: tag, resets: resets)
                        try await CacheWriter(caches: self, target: target, place: place).write(chosen)
                    }
                }
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                if hasBroken { throw error }
                guard target.ignoresErrors else {
                    let known = error as? GantryError
                    throw GantryError(
                        known?.kind ?? .unavailable, "error writing the build cache: \(Self.sentence(error))", hint: known?.hint)
                }
                tell(.warning("the build cache was not written: \(Self.sentence(error))"))
            }
        }
    }

    /// A folder that the client has opened.
    func take(_ passed: PassedDescriptor) throws -> OwnedDescriptor {
        guard let peer = request.local.peer else { throw PeerProcess.refusal(nil) }
        let folder = try peer.descriptor(passed, claimed: request.local.processID)
        guard try folder.status().kind == .directory else { throw GantryError.invalid("the cache's place is no folder") }
        return folder
    }
}
