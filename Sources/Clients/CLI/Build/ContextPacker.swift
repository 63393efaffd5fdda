import Archive
import CLinux
import Essentials
import LinuxSystem

/// Packs a folder as the context of a build: a tar stream in which everything belongs to user and group 0, links are kept as
/// links and sockets are left out.
///
/// A folder that is excluded is not read at all unless an exception could bring something below it back; it then appears in the
/// stream only when something did.
struct ContextPacker: Sendable {
    /// What becomes of a path.
    enum Decision: Equatable {
        case include
        /// Leave it out, and for a folder everything below it too.
        case skip
        /// Leave the folder itself out, but look inside.
        case descend
    }

    /// Decides by path (relative to the context, without a leading `./`) and whether it is a folder.
    var decide: @Sendable (_ path: [UInt8], _ isDirectory: Bool) -> Decision
    /// Members that stand in for what the folder has under the same path, or are added to it.
    var replacements: [String: [UInt8]] = [:]

    /// Writes the whole archive.
    /// - Throws: ``GantryError`` that names the file which cannot be read.
    func pack(_ directory: String, to writer: TarWriter) throws {
        let root: OwnedDescriptor
        do { root = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY) } catch {
            throw GantryError.notFound("unable to prepare context: path \"\(directory)\" not found", cause: error)
        }
        for (name, content) in replacements.sorted(by: { $0.key < $1.key }) { try writer.add(TarEntry(name), content: content) }
        var pending: [TarEntry] = []
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        try packFolder(root, path: [], pending: &pending, buffer: &buffer, writer: writer)
        try writer.finish()
    }

    /// - Parameter pending: the folders on the way that are not in the stream themselves yet.
    private func packFolder(
        _ folder: OwnedDescriptor, path: [UInt8], pending: inout [TarEntry], buffer: inout [UInt8], writer: TarWriter
    ) throws {
        let names = try Self.naming(path) { try DirectoryReader(descriptor: folder).names() }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let below = path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
            guard replacements.isEmpty || replacements[String(decoding: below, as: UTF8.self)] == nil else { continue }
            let text = name.map { CChar(bitPattern: $0) } + [0]
            var raw = stat()
            _ = try Self.naming(below) { try check("fstatat") { fstatat(folder.raw, text, &raw, AT_SYMLINK_NOFOLLOW) } }
            let type = CInt(raw.st_mode) & S_IFMT
            let decision = decide(below, type == S_IFDIR)
            guard decision != .skip, type != S_IFSOCK else { continue }
            if type == S_IFDIR {
                let entry = Self.entry(below + [UInt8(ascii: "/")], .directory, raw)
                let depth = pending.count
                if decision == .include { try Self.emit(&pending, then: entry, writer) } else { pending.append(entry) }
                let inner = try Self.naming(below) { try folder.openChild(text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) }
                try packFolder(inner, path: below, pending: &pending, buffer: &buffer, writer: writer)
                if pending.count > depth { pending.removeLast() }
            } else if decision == .include {
                try packLeaf(text, in: folder, path: below, raw: raw, pending: &pending, buffer: &buffer, writer: writer)
            }
        }
    }

    private func packLeaf(
        _ name: [CChar], in folder: OwnedDescriptor, path: [UInt8], raw: stat, pending: inout [TarEntry], buffer: inout [UInt8],
        writer: TarWriter
    ) throws {
        switch CInt(raw.st_mode) & S_IFMT {
        case S_IFREG:
            let file = try Self.naming(path) { try folder.openChild(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) }
            var now = stat()
            _ = try Self.naming(path) { try check("fstat") { fstat(file.raw, &now) } }
            var entry = Self.entry(path, .regular, now)
            entry.size = Int64(now.st_size)
            try Self.emit(&pending, then: entry, writer)
            try Self.copy(file, size: entry.size, path: path, buffer: &buffer, writer: writer)
        case S_IFLNK:
            var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = try Self.naming(path) {
                try check("readlinkat") { readlinkat(folder.raw, name, &target, target.count) }
            }
            var entry = Self.entry(path, .symbolicLink, raw)
            entry.linkName = Array(target[..<count])
            try Self.emit(&pending, then: entry, writer)
        case S_IFIFO: try Self.emit(&pending, then: Self.entry(path, .fifo, raw), writer)
        case S_IFCHR, S_IFBLK:
            var entry = Self.entry(path, CInt(raw.st_mode) & S_IFMT == S_IFCHR ? .characterDevice : .blockDevice, raw)
            entry.deviceMajor = gnu_dev_major(raw.st_rdev)
            entry.deviceMinor = gnu_dev_minor(raw.st_rdev)
            try Self.emit(&pending, then: entry, writer)
        default: break
        }
    }

    /// Writes the folders on the way that are still missing, then `entry`.
    private static func emit(_ pending: inout [TarEntry], then entry: TarEntry, _ writer: TarWriter) throws {
        for folder in pending { try writer.begin(folder) }
        pending = []
        try writer.begin(entry)
    }

    private static func copy(
        _ file: OwnedDescriptor, size: Int64, path: [UInt8], buffer: inout [UInt8], writer: TarWriter
    ) throws {
        var left = size
        while left > 0 {
            let want = Int(min(left, Int64(buffer.count)))
            let count = try naming(path) {
                try buffer.withUnsafeMutableBytes { try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<want])) }
            }
            guard count > 0 else {
                throw GantryError.conflict("`\(String(decoding: path, as: UTF8.self))` became shorter while it was being sent")
            }
            try buffer.withUnsafeBytes { try writer.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            left -= Int64(count)
        }
    }

    private static func entry(_ name: [UInt8], _ kind: TarEntry.Kind, _ raw: stat) -> TarEntry {
        let time = Int64(raw.st_mtim.tv_sec) * 1_000_000_000 + Int64(raw.st_mtim.tv_nsec)
        return TarEntry(name: name, kind: kind, permissions: raw.st_mode & 0o7777, modifiedAt: time)
    }

    /// Adds the path to what a system call says.
    private static func naming<Result>(_ path: [UInt8], _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as SystemError {
            let text = path.isEmpty ? "." : String(decoding: path, as: UTF8.self)
            let kind: GantryError.Kind = error.errno == EACCES || error.errno == EPERM ? .denied : .unavailable
            throw GantryError(kind, "cannot read `\(text)` of the build context", cause: error)
        }
    }
}

extension OwnedDescriptor {
    /// Opens an entry of this folder by its name in bytes.
    fileprivate func openChild(_ name: [CChar], _ flags: CInt) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try check("openat") { gantry_openat(raw, name, flags | O_CLOEXEC, 0) })
    }
}
