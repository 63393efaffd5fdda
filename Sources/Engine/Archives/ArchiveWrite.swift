import Archive
import Compression
import Essentials
import LinuxSystem

/// Unpacks a client's archive into a container: `PUT archive`.
struct ArchiveWrite: Sendable {
    let context: EngineContext
    /// As the client named it.
    let container: NameOrID
    let path: String
    /// A directory does not take the place of another kind of file, nor the reverse.
    let keepsKinds: Bool
    let copyOwners: Bool

    func run(_ record: ContainerRecord, _ archive: ByteStream) async throws {
        try await BlockingWork.reading(archive, drainAfterFailure: true) { read in
            let root = try ContainerRoot.open(record, context: context, writable: true)
            // First as it was written: what is missing is told by the name that the client gave.
            let named = try root.locate(path, container: container)
            guard [.directory, .symbolicLink].contains(named.status.kind),
                try root.locate(path.hasSuffix("/") ? path : path + "/", container: container).status.kind == .directory
            else { throw GantryError.invalid("extraction point is not a directory") }
            var options = TarExtractor.Options(.plain)
            options.noOverwriteDirNonDir = keepsKinds
            if copyOwners, !record.settings.user.isEmpty {
                let identity = try UserDatabase(root: root.descriptor).identity(record.settings.user)
                options.owner = (identity.userID, identity.groupID)
            }
            let content = try Decompressor(read)
            guard let owners = root.owners else {
                try TarExtractor(into: try root.writableDirectory(path), options: options).extract(TarReader(content.next))
                return
            }
            options.mapOwner = { try owners.outside(user: $0, group: $1) }
            let own = try owners.outside(user: 0, group: 0)
            try FileOwner.run(user: own.user, group: own.group) {
                _ = try TarExtractor(into: try root.writableDirectory(path), options: options).extract(TarReader(content.next))
            }
        }
    }
}
