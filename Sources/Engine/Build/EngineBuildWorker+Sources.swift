import Builder
import CLinux
import Dockerfile
import Essentials
import Images
import LinuxSystem
import OCI
import Synchronization

/// Files from elsewhere.
extension EngineBuildWorker {
    func fetch(_ url: String) async throws -> FetchedFile {
        let file = try await HTTPDownload.fetch(url, into: directory.filesPath, secrets: request.options.secrets)
        let content = file.content
        let digest = try await BlockingWork.run { try BuildMaterial.digest(of: content) }
        materials.withLock { $0.append(BuildMaterial(uri: PublicAddress.of(url), algorithm: "sha256", digest: digest)) }
        return file
    }

    func gitCommit(_ source: GitSource) async throws -> String {
        try await withAgent { agent in
            let checkout = GitCheckout(source: source, secrets: request.options.secrets, agentPath: agent)
            let commit = try await checkout.commit()
            if commit.utf8.count == 40 { try checkout.check(commit) }
            materials.withLock { $0.append(BuildMaterial(uri: source.publicAddress, algorithm: "sha1", digest: commit)) }
            return commit
        }
    }

    func gitFiles(_ source: GitSource, commit: String, keepsGitDirectory: Bool) async throws -> GitFiles {
        let path = try directory.makeExtra()
        return try await withAgent { agent in
            let checkout = GitCheckout(source: source, secrets: request.options.secrets, agentPath: agent)
            let revision = try await checkout.fetch(
                into: path, scratch: directory.filesPath, commit: commit, keepsGitDirectory: keepsGitDirectory)
            let root = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            return GitFiles(root: root, committedAt: revision.committedAt * 1_000_000_000)
        }
    }

    /// Gives git the client's agent while `body` runs, where there is one.
    private func withAgent<Value>(_ body: (String?) async throws -> Value) async throws -> Value {
        guard let agent = agents["default"] else { return try await body(nil) }
        let path = "\(directory.filesPath)/agent-\(Identifier.randomHex(bytes: 4))"
        let relay = try AgentRelay(path: path, agent: agent, mode: 0o600, userID: geteuid(), groupID: getegid())
        defer { relay.stop() }
        return try await body(path)
    }

    func localImage(_ id: Digest) async throws -> BaseImage {
        guard let image = try store.image(id: id) else { throw GantryError.notFound("No such image: \(id)") }
        materials.withLock { $0.append(BuildMaterial(uri: "pkg:oci/image", algorithm: image.id.algorithm, digest: image.id.hex)) }
        return BaseImage(config: image.config, digest: image.id, chainID: image.topLayer)
    }

    func stack(_ chainID: Digest, onto parent: Digest) async throws -> Digest {
        try await caches.bring(chainID)
        try await caches.bring(parent)
        let store = store
        let path = "\(directory.filesPath)/layer-\(Identifier.randomHex(bytes: 4))"
        return try await BlockingWork.run {
            guard let layer = try store.layer(chainID: chainID) else {
                throw GantryError.internal("the layer `\(chainID)` is gone")
            }
            let stacked = Layer.chainID(layer.diffID, on: parent)
            if try store.layer(chainID: stacked) != nil { return stacked }
            let archive = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            try FileSystem.remove(path)
            try store.writeLayerTar(layer) { try archive.writeAll($0) }
            try LinuxSystem.check("lseek") { lseek(archive.raw, 0, SEEK_SET) }
            let copy = try store.importLayer(
                from: {
                    var chunk = [UInt8](repeating: 0, count: 256 << 10)
                    let count = try chunk.withUnsafeMutableBytes { try archive.read(into: $0) }
                    return count == 0 ? nil : Array(chunk[..<count])
                }, parent: parent)
            guard copy.diffID == layer.diffID else {
                throw GantryError.internal("a copied layer became `\(copy.diffID)`, expected `\(layer.diffID)`")
            }
            return copy.chainID
        }
    }

    func squash(_ chainID: Digest, onto base: Digest?) async throws -> StepLayer {
        let workspace = try await beginStep(parent: base)
        do {
            let source = try await openReadOnly(chainID: chainID)
            let target = try await openWritable(workspace)
            try await BlockingWork.run { try SquashedTree(from: source, to: target).write() }
        } catch {
            await discard(workspace)
            throw error
        }
        return try await commit(workspace, notLaterThan: nil)
    }
}
