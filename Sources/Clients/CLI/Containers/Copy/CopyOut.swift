import Archive
import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// `cp CONTAINER:PATH PATH|-`
struct CopyOut: Sendable {
    var container: String
    var path: String
    var followsLinks: Bool
    var keepsOwners: Bool
    var session: Session

    /// Writes the tar stream to standard output.
    func toStream() async throws {
        for try await piece in try await session.client.copyOut(try await source().path, of: container).archive {
            session.console.write(piece)
        }
    }

    /// - Returns: bytes of content.
    func toPath(_ given: String) async throws -> Int64 {
        let destination = CopyPath.absolute(given)
        try Self.checkParent(of: destination)
        let source = try await source()
        let (status, archive) = try await session.client.copyOut(source.path, of: container)
        let isFolder = GoFileMode.toUnix(status.mode) & 0o170000 == 0o040000
        let existing = Self.kind(of: destination)
        let target = Self.resolved(destination)
        let plan = try CopyPlan.make(
            sourceIsFolder: isFolder, destination: target, destinationIsFolder: existing.map { $0 == .directory })
        // The stream names its first member after the last part of the path that was asked for.
        let streamName = CopyPath.split(source.path).base
        let name = plan.name ?? (source.name == streamName ? nil : source.name)
        return try await extract(archive, from: streamName, plan: CopyPlan(folder: plan.folder, name: name))
    }

    /// The path to ask for, after a final link with `-L`, and the name that it keeps.
    private func source() async throws -> (path: String, name: String) {
        let name = CopyPath.split(path).base
        guard followsLinks else { return (path, name) }
        let status = try await session.client.pathStatus(path, in: container)
        guard status.mode & GoFileMode.symbolicLink != 0, !status.linkTarget.isEmpty else { return (path, name) }
        let target = status.linkTarget.hasPrefix("/") ? status.linkTarget : CopyPath.split(path).folder + "/" + status.linkTarget
        return (CopyPath.clean(target), name)
    }

    private func extract(_ archive: ResponseBody, from old: String, plan: CopyPlan) async throws -> Int64 {
        let feed = BlockingFeed()
        let keepsOwners = keepsOwners
        async let carried: Void = feed.carry(archive)
        let bytes = try await BlockingWork.run {
            defer { feed.abandon() }
            return try Self.extract(feed, old: old, plan: plan, keepsOwners: keepsOwners)
        }
        await carried
        return bytes
    }

    private static func extract(_ feed: BlockingFeed, old: String, plan: CopyPlan, keepsOwners: Bool) throws -> Int64 {
        do {
            let root = try OwnedDescriptor.open(plan.folder, O_RDONLY | O_DIRECTORY)
            var options = TarExtractor.Options(.plain)
            options.keepsOwners = keepsOwners && geteuid() == 0
            options.noOverwriteDirNonDir = true
            let reader = TarReader { try feed.next() }
            if let name = plan.name {
                reader.transform = { entry in
                    entry.name = rename(entry.name, old, name)
                    if entry.kind == .hardLink { entry.linkName = rename(entry.linkName, old, name) }
                }
            }
            return try TarExtractor(into: root, options: options).extract(reader).bytes
        } catch let error as SystemError {
            throw GantryError(.denied, "cannot copy to `\(plan.folder)`", cause: error)
        }
    }

    /// Puts `new` in place of `old` at the front of a member's name.
    static func rename(_ name: [UInt8], _ old: String, _ new: String) -> [UInt8] {
        let old = old == "/" ? [] : Array(old.utf8)
        guard name.starts(with: old) else { return name }
        let rest = name.dropFirst(old.count)
        if old.isEmpty, let first = rest.first, first != 47 { return Array(new.utf8) + [47] + rest }
        guard rest.isEmpty || rest.first == 47 else { return name }
        return Array(new.utf8) + rest
    }

    private static func checkParent(of destination: String) throws {
        let folder = CopyPath.split(CopyPath.clean(destination)).folder
        guard kind(of: folder) == .directory else {
            throw GantryError.invalid("invalid output path: directory \"\(folder)\" does not exist")
        }
    }

    static func kind(of path: String) -> FileStatus.Kind? { (try? FileStatus(path, follow: true))?.kind }

    /// A destination that is a link is where the link leads.
    private static func resolved(_ path: String) -> String {
        guard let status = try? FileStatus(CopyPath.clean(path)), status.kind == .symbolicLink, let real = realpath(path, nil)
        else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
