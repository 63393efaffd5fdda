import Archive
import CLinux
import Compression
import Essentials
import Images
import LinuxSystem

/// Cache mounts as tar archives, so that another machine starts warm.
extension BuildMounts {
    /// Members of an archive, at most.
    private static let maximumEntries = 10_000_000

    /// The directory for reading; builds that want the mount wait until ``giveBack(_:)``.
    /// - Throws: `notFound`, and `conflict` while a build uses it.
    func borrow(_ id: String) async throws -> OwnedDescriptor {
        let path = path(try find(id).id)
        guard await locks.lockIfUnused(path) else { throw Self.inUse(id) }
        do { return try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY) } catch {
            await locks.unlock(path)
            throw error
        }
    }

    func giveBack(_ id: String) async { await locks.unlock(path(id)) }

    /// Packs a directory with its own owner and mode, the same tree always in the same way. Blocks.
    static func pack(_ root: OwnedDescriptor, _ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        let writer = TarWriter { try sink($0) }
        try TarPacker(root: root, writer: writer).pack("/", as: .root("."))
        try writer.finish()
    }

    /// A new directory beside the others with the content of a tar, which may be compressed. Blocks.
    /// - Throws: `invalid` for what is no archive, holds devices or expands beyond what is free; nothing stays then.
    func unpack(_ read: @escaping () throws -> [UInt8]?, store: ImageStore) throws -> String {
        try FileSystem.makeDirectories(directory, mode: 0o710)
        let fresh = "\(directory)/import.new-\(Identifier.randomHex(bytes: 8))"
        try FileSystem.makeDirectories(fresh, mode: 0o755)
        do {
            let content = try store.decompressor(read)
            var options = TarExtractor.Options(.plain)
            options.refusesDevices = true
            options.appliesRoot = true
            options.maximumEntries = Self.maximumEntries
            let reader = TarReader { try content.next() }
            let root = try OwnedDescriptor.open(fresh, O_RDONLY | O_DIRECTORY)
            let summary = try TarExtractor(into: root, options: options).extract(reader)
            guard summary.entries > 0 else { throw GantryError.invalid("the archive of a cache mount is empty") }
            // What follows the archive is read, so that who sends it can finish.
            while try content.next() != nil {}
        } catch {
            try? FileSystem.removeTree(fresh)
            throw error
        }
        return fresh
    }
}
