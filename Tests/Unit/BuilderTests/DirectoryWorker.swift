import Builder
import Dockerfile
import Essentials
import Foundation
import LinuxSystem
import OCI
import Synchronization

/// A worker whose layers are whole directory trees in a temporary directory: no mounts, no processes.
final class DirectoryWorker: BuildWorker {
    private struct State {
        var bases: [String: BaseImage] = [:]
        var parents: [String: Digest?] = [:]
        var runs: [RunRequest] = []
        var begun = 0
        var created: [(config: ImageConfig, chainID: Digest?)] = []
        var exitCode: Int32 = 0
        var files: [String: String] = [:]
    }

    let root: String
    private let state = Mutex(State())

    init() throws {
        root = NSTemporaryDirectory() + "builder-" + Identifier.randomHex(bytes: 6)
        for name in ["chains", "steps", "context"] { try FileSystem.makeDirectories("\(root)/\(name)") }
    }

    deinit { try? FileSystem.removeTree(root) }

    var contextPath: String { "\(root)/context" }
    var runs: [RunRequest] { state.withLock { $0.runs } }
    var begunSteps: Int { state.withLock { $0.begun } }
    var images: [ImageConfig] { state.withLock { $0.created.map(\.config) } }
    var lastChain: Digest? { state.withLock { $0.created.last?.chainID } }

    func setExitCode(_ code: Int32) { state.withLock { $0.exitCode = code } }
    func serve(_ url: String, _ content: String) { state.withLock { $0.files[url] = content } }
    func path(_ chainID: Digest?) -> String { chainID.map { "\(root)/chains/\($0.hex)" } ?? "\(root)/chains/empty" }

    /// A base image with the given files and configuration.
    func addBase(_ name: String, config: ImageConfig, files: [String: String] = [:]) throws {
        let digest = Self.digest("base \(name)")
        try FileSystem.makeDirectories(path(digest))
        for (file, text) in files {
            let target = "\(path(digest))/\(file)"
            try FileSystem.makeDirectories(String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)]))
            try FileSystem.replace(target, with: text)
        }
        var config = config
        config.rootfs.diffIDs = [digest]
        let image = BaseImage(config: config, digest: digest, chainID: digest)
        state.withLock { $0.bases[name] = image }
    }

    static func digest(_ text: String) -> Digest {
        var hash: [UInt64] = [1, 2, 3, 4]
        for byte in text.utf8 {
            for index in hash.indices { hash[index] = (hash[index] &* 6_364_136_223_846_793_005 &+ UInt64(byte) &+ UInt64(index)) }
        }
        return Digest(sha256: hash.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
    }

    func resolveBase(
        _ reference: Reference, platform: Platform, pull: Bool, progress: @escaping @Sendable (String, Int64?, Int64?) -> Void
    ) async throws -> BaseImage {
        guard let image = state.withLock({ $0.bases[reference.familiarRepository] }) else {
            throw GantryError.notFound(
                "pull access denied for \(reference.familiarRepository), repository does not exist or may require 'docker login'")
        }
        return image
    }

    func openReadOnly(chainID: Digest?) async throws -> OwnedDescriptor {
        try FileSystem.makeDirectories(path(chainID))
        return try OwnedDescriptor.open(path(chainID), O_RDONLY | O_DIRECTORY)
    }

    func beginStep(parent: Digest?) async throws -> StepWorkspace {
        let id = Identifier.random()
        try FileSystem.makeDirectories(path(parent))
        try Self.copy(path(parent), "\(root)/steps/\(id)")
        state.withLock {
            $0.parents[id] = .some(parent)
            $0.begun += 1
        }
        return StepWorkspace(id: id)
    }

    private static func copy(_ from: String, _ to: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/cp")
        process.arguments = ["-a", from, to]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw GantryError.internal("cp failed") }
    }

    func openWritable(_ workspace: StepWorkspace) async throws -> OwnedDescriptor {
        try OwnedDescriptor.open("\(root)/steps/\(workspace.id)", O_RDONLY | O_DIRECTORY)
    }

    func keep(_ mounts: [StepMount]) async throws -> KeptMounts { KeptMounts() }

    func openUpper(_ workspace: StepWorkspace) async throws -> OwnedDescriptor { try await openWritable(workspace) }
    func openLayer(_ chainID: Digest) async throws -> OwnedDescriptor? { nil }

    func run(
        _ request: RunRequest, in workspace: StepWorkspace, output: @escaping @Sendable (BuildOutputStream, [UInt8]) async -> Void
    ) async throws -> Int32 {
        await output(.standardOutput, Array("ran\n".utf8))
        var identified = request
        try identified.identify(in: try await openWritable(workspace))
        return state.withLock { [identified] in
            $0.runs.append(identified)
            return $0.exitCode
        }
    }

    func commit(_ workspace: StepWorkspace, notLaterThan: Int64?) async throws -> StepLayer {
        let parent = state.withLock { $0.parents.removeValue(forKey: workspace.id) } ?? nil
        // Every layer is different, as if a clock were in it.
        let diff = Self.digest(workspace.id)
        let chain = Self.digest("\(parent?.description ?? "") \(diff)")
        try FileManager.default.moveItem(atPath: "\(root)/steps/\(workspace.id)", toPath: path(chain))
        return StepLayer(chainID: chain, diffID: diff, size: 1)
    }

    func discard(_ workspace: StepWorkspace) async { try? FileSystem.removeTree("\(root)/steps/\(workspace.id)") }

    var openWorkspaces: Int { (try? FileSystem.list("\(root)/steps").count) ?? 0 }

    func hasLayers(_ chainID: Digest) async throws -> Bool { FileSystem.exists(path(chainID)) }

    func fetch(_ url: String) async throws -> FetchedFile {
        guard let text = state.withLock({ $0.files[url] }) else {
            throw GantryError.unavailable("Get \"\(url)\": connection refused")
        }
        let path = "\(root)/fetched-\(Identifier.randomHex(bytes: 4))"
        try FileSystem.replace(path, with: text)
        return FetchedFile(content: try OwnedDescriptor.open(path, O_RDONLY), modifiedAt: 1_700_000_000_000_000_000)
    }

    func gitCommit(_ source: GitSource) async throws -> String { throw GantryError.unavailable("no git here") }

    func gitFiles(_ source: GitSource, commit: String, keepsGitDirectory: Bool) async throws -> GitFiles {
        throw GantryError.unavailable("no git here")
    }

    func localImage(_ id: Digest) async throws -> BaseImage { throw GantryError.notFound("no image \(id)") }

    /// Whole trees: the one is put over the other.
    func stack(_ chainID: Digest, onto parent: Digest) async throws -> Digest {
        let chain = Self.digest("\(parent) \(chainID)")
        try FileManager.default.copyItem(atPath: path(parent), toPath: path(chain))
        try Self.overlay(path(chainID), onto: path(chain))
        return chain
    }

    private static func overlay(_ source: String, onto target: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: source) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            if try FileStatus(from).kind == .directory, FileSystem.exists(to) {
                try overlay(from, onto: to)
            } else {
                try FileSystem.removeTree(to)
                try FileManager.default.copyItem(atPath: from, toPath: to)
            }
        }
    }

    func squash(_ chainID: Digest, onto base: Digest?) async throws -> StepLayer {
        StepLayer(chainID: chainID, diffID: Self.digest("squashed \(chainID)"), size: 1)
    }

    func createImage(config: ImageConfig, chainID: Digest?, tags: [Reference]) async throws -> Digest {
        state.withLock { $0.created.append((config, chainID)) }
        return Self.digest("\(config.history?.map { $0.createdBy ?? "" } ?? []) \(chainID?.description ?? "")")
    }
}
