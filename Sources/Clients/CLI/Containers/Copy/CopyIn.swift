import Archive
import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem
import Synchronization

/// `cp PATH|- CONTAINER:PATH`
struct CopyIn: Sendable {
    var container: String
    var path: String
    var followsLinks: Bool
    var keepsOwners: Bool
    var session: Session

    /// Unpacks the tar stream on standard input.
    func fromStream() async throws {
        let destination = try await destination()
        guard destination.isFolder == true else {
            throw GantryError.invalid("destination \"\(container):\(path)\" must be a directory")
        }
        try await session.client.copyIn(
            try InputStream.standard().body, to: destination.path, of: container, keepOwners: keepsOwners)
    }

    /// - Returns: bytes sent.
    func fromPath(_ given: String) async throws -> Int64 {
        let source = CopyPath.absolute(given)
        let status: FileStatus
        let isFollowed = followsLinks || CopyPath.meansFolder(source)
        let bare = CopyPath.clean(source)
        do { status = try FileStatus(bare, follow: isFollowed) } catch {
            throw GantryError.notFound("lstat \(bare): \(error.reason)")
        }
        let destination = try await destination()
        let plan = try CopyPlan.make(
            sourceIsFolder: status.kind == .directory, destination: destination.path, destinationIsFolder: destination.isFolder)
        let name = plan.name ?? CopyPath.split(source).base
        let packed = isFollowed ? Self.real(bare) : bare
        let count = ByteCounter()
        let pipe = UploadPipe.start { pipe in
            try Self.pack(packed, as: name == "/" ? "." : name) { bytes in
                count.add(bytes.count)
                try pipe.send(bytes)
            }
        }
        defer { pipe.close() }
        try await session.client.copyIn(pipe.body, to: plan.folder, of: container, keepOwners: keepsOwners)
        return count.total
    }

    private static func real(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func pack(_ path: String, as name: String, _ send: @escaping ([UInt8]) throws -> Void) throws {
        var pending: [UInt8] = []
        let writer = TarWriter { bytes in
            pending += bytes
            guard pending.count >= 256 << 10 else { return }
            try send(pending)
            pending = []
        }
        do {
            let packer = TarPacker(root: try OwnedDescriptor.open("/", O_RDONLY | O_DIRECTORY), writer: writer)
            try packer.pack(path, as: .root(name))
        } catch let error as SystemError {
            throw GantryError(.denied, "cannot read `\(path)`", cause: error)
        }
        try writer.finish()
        if !pending.isEmpty { try send(pending) }
    }

    /// The destination after a final link; whether it is a folder, nil when it does not exist.
    private func destination() async throws -> (path: String, isFolder: Bool?) {
        var target = path
        // Links inside may lead to one another; the daemon resolves all but the last part.
        for _ in 0..<10 {
            guard let status = try await status(target) else { return (target, nil) }
            guard status.mode & GoFileMode.symbolicLink != 0, !status.linkTarget.isEmpty else {
                return (target, status.mode & GoFileMode.directory != 0)
            }
            let next =
                status.linkTarget.hasPrefix("/") ? status.linkTarget : CopyPath.split(target).folder + "/" + status.linkTarget
            target = CopyPath.keepEnding(of: target, CopyPath.clean(next))
        }
        throw GantryError.invalid("too many links in `\(path)`")
    }

    private func status(_ path: String) async throws -> PathStat? {
        do { return try await session.client.pathStatus(path, in: container) } catch let error as GantryError
            where error.kind == .notFound
        {
            if error.message.contains("Could not find the file") { return nil }
            throw error
        }
    }
}

/// Counts bytes on one thread for another.
private final class ByteCounter: Sendable {
    private let count = Mutex<Int64>(0)

    func add(_ bytes: Int) { count.withLock { $0 += Int64(bytes) } }
    var total: Int64 { count.withLock { $0 } }
}
