internal import CLinux
internal import Essentials
package import LinuxSystem

/// Writes files below a directory as a tar stream: names sorted by their bytes, hard links kept, sockets left out.
/// The same tree gives the same bytes. Blocks; used by one thread.
package final class TarPacker {
    package enum Mode: Sendable {
        /// What is there, as it is.
        case plain
        /// The upper directory of an overlay: its marks become whiteouts of an OCI layer.
        case layer
    }

    /// How members are called.
    package enum Naming: Sendable, Equatable {
        /// The packed path itself is the member `name`, what is below it `name/…`. `.` gives `./`, `./etc`, ….
        case root(String)
        /// Only what is below, without anything in front: `etc/`, `etc/passwd`.
        case contents
    }

    private let root: OwnedDescriptor
    private let writer: TarWriter
    let mode: Mode
    /// First name of each file with several links.
    private var linked: [Inode: [UInt8]] = [:]
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    /// Paths below the packed one that are left out, without a leading slash.
    package var excluded: Set<String> = []
    /// Called for each member before it is written; may change it (owner, time), or give nil to leave it out.
    package var transform: ((TarEntry) -> TarEntry?)?

    /// Called for each member before anything of it is written.
    package var observer: ((Member) throws -> Void)?
    /// Looks at members in place of writing them; false ends the walk.
    private var surveyor: ((Member) throws -> Bool)?
    /// Names met so far, and how many of the first are left out.
    private var position = 0
    private var start = 0

    /// A member as it stands in the archive.
    package struct Member {
        package let entry: TarEntry
        package let status: FileStatus
        /// Overlayfs holds the directory opaque.
        package let isOpaque: Bool
        /// How many names come before it in the packed tree.
        package let position: Int
    }

    private struct Inode: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    package init(root: OwnedDescriptor, writer: TarWriter, mode: Mode = .plain) {
        self.root = root
        self.writer = writer
        self.mode = mode
    }

    /// Packs `path`, looked up as if the root directory were `/`; a final link is packed as a link.
    /// The caller finishes the writer, so that several trees can go into one archive.
    /// - Parameter start: the position of the first member that is written. What comes before must have been surveyed.
    /// - Throws: `notFound` when there is no such path.
    package func pack(_ path: String = "/", as naming: Naming, from start: Int = 0) throws {
        (position, self.start) = (0, start)
        let start: OwnedDescriptor
        do { start = try locate(path) } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            throw GantryError.notFound("no such file or directory: `\(path)`", cause: error)
        }
        let status = try start.status()
        switch naming {
        case .contents: try packChildren(of: start, prefix: [], relative: [])
        case .root(let name):
            try packEntry(start, status, name: Array(name.utf8), relative: [])
        }
    }

    /// Shows the members of the whole tree in their order, as long as `wantsMore` says so. Nothing is written and no file is opened:
    /// regular files come without attributes.
    package func survey(_ wantsMore: @escaping (Member) throws -> Bool) throws {
        surveyor = wantsMore
        defer { surveyor = nil }
        do { try pack(as: .contents) } catch is SurveyEnd { return }
    }

    private struct SurveyEnd: Error {}

    /// The file to start from; `dir/` and `dir/.` mean what a link points to.
    private func locate(_ path: String) throws(SystemError) -> OwnedDescriptor {
        let components = TreeRoot.components(Array(path.utf8))
        guard let last = components.last else { return root }
        if path.hasSuffix("/") || path.hasSuffix("/.") {
            return try openInRoot(root, Array(components.joined(separator: [47])), O_PATH)
        }
        let parent = try openInRoot(root, Array(components.dropLast().joined(separator: [47])), O_PATH | O_DIRECTORY)
        return try parent.openEntry(Array(last))
    }

    // MARK: Members

    private func packChildren(of directory: OwnedDescriptor, prefix: [UInt8], relative: [UInt8]) throws {
        let entries = try DirectoryReader(descriptor: directory).entries().sorted { $0.name.lexicographicallyPrecedes($1.name) }
        for (name, kind) in entries {
            let childRelative = relative.isEmpty ? name : relative + [47] + name
            if !excluded.isEmpty, excluded.contains(String(decoding: childRelative, as: UTF8.self)) { continue }
            let path = prefix.isEmpty ? name : prefix + [47] + name
            position += 1
            if position <= start {
                let isDirectory = try kind == .unknown ? FileStatus(name, in: directory).kind == .directory : kind == .directory
                if isDirectory {
                    try packChildren(of: try directory.openEntry(name), prefix: path, relative: childRelative)
                }
                continue
            }
            if kind == .regular, surveyor != nil {
                try packEntry(nil, try FileStatus(name, in: directory), name: path, relative: childRelative)
                continue
            }
            if kind == .regular, let file = openRegular(name, in: directory) {
                try packEntry(file.descriptor, file.status, isReadable: true, name: path, relative: childRelative)
                continue
            }
            let child: OwnedDescriptor
            do { child = try directory.openEntry(name) } catch {
                // Removed since the directory was read.
                if error.errno == ENOENT { continue }
                throw error
            }
            try packEntry(child, try child.status(), name: path, relative: childRelative)
        }
    }

    /// - Parameters:
    ///   - file: nil for a regular file that is only surveyed.
    ///   - isReadable: `file` is a regular one, opened for reading.
    private func packEntry(
        _ file: OwnedDescriptor?, _ status: FileStatus, isReadable: Bool = false, name: [UInt8], relative: [UInt8]
    ) throws {
        let position = position - 1
        if mode == .layer, status.kind == .characterDevice, status.specialDevice == 0 {
            let entry = whiteout(of: name, status)
            guard try show(Member(entry: entry, status: status, isOpaque: false, position: position)) else { return }
            return try writer.add(entry)
        }
        guard var entry = try entry(file, status, name) else { return }
        let opaque = try file.map { try readAttributes($0, isReadable: isReadable, into: &entry) } ?? false
        if status.kind != .directory, status.links > 1 {
            let inode = Inode(device: status.device, inode: status.inode)
            // A survey before may have met it as the first.
            if let first = linked[inode], first != name {
                entry.kind = .hardLink
                entry.size = 0
                entry.linkName = first
                entry.attributes = [:]
            } else {
                linked[inode] = name
            }
        }
        if try show(Member(entry: entry, status: status, isOpaque: opaque, position: position)) {
            if let transform {
                guard let changed = transform(entry) else { return }
                entry = changed
            }
            if entry.kind == .regular, let file {
                // The descriptor is of a regular file, so opening it again cannot wait or have effects.
                return try packContent(isReadable ? file : try OwnedDescriptor.open(file.procPath, O_RDONLY), entry)
            }
            try writer.add(entry)
            if opaque {
                try writer.add(
                    TarEntry(name: name + [47] + Whiteout.opaque, kind: .regular, permissions: 0, modifiedAt: status.modifiedAt))
            }
        }
        if status.kind == .directory, let file { try packChildren(of: file, prefix: name, relative: relative) }
    }

    /// - Returns: whether the member is to be written.
    private func show(_ member: Member) throws -> Bool {
        if let surveyor {
            guard try surveyor(member) else { throw SurveyEnd() }
            return false
        }
        try observer?(member)
        return true
    }

    /// - Returns: nil for what an archive cannot hold.
    private func entry(_ file: OwnedDescriptor?, _ status: FileStatus, _ name: [UInt8]) throws -> TarEntry? {
        var entry = TarEntry(
            name: name, kind: .regular, permissions: status.permissions, userID: status.userID, groupID: status.groupID,
            modifiedAt: status.modifiedAt)
        switch status.kind {
        case .regular: entry.size = status.size
        case .directory:
            entry.kind = .directory
            entry.name.append(47)
        case .symbolicLink:
            entry.kind = .symbolicLink
            if let file { entry.linkName = try file.linkTarget([]) }
        case .characterDevice: entry.kind = .characterDevice
        case .blockDevice: entry.kind = .blockDevice
        case .fifo: entry.kind = .fifo
        case .socket, .unknown: return nil
        }
        entry.deviceMajor = gantry_major(status.specialDevice)
        entry.deviceMinor = gantry_minor(status.specialDevice)
        return entry
    }

    private func whiteout(of name: [UInt8], _ status: FileStatus) -> TarEntry {
        let start = name.lastIndex(of: 47).map { $0 + 1 } ?? 0
        let marked = Array(name[..<start]) + Whiteout.prefix + Array(name[start...])
        return TarEntry(name: marked, kind: .regular, permissions: 0, modifiedAt: status.modifiedAt)
    }

    private func packContent(_ file: OwnedDescriptor, _ entry: TarEntry) throws {
        try writer.begin(entry)
        var left = entry.size
        while left > 0 {
            let wanted = Int(min(left, Int64(buffer.count)))
            let count = try buffer.withUnsafeMutableBytes {
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted]))
            }
            guard count > 0 else { throw GantryError.conflict("file `\(entry.nameText)` became shorter while it was read") }
            try buffer.withUnsafeBytes { try writer.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            left -= Int64(count)
        }
    }

    // MARK: System calls

    /// Opens what was a regular file for reading, in one go: most entries are.
    /// - Returns: nil when it is none any more, and when it cannot be had; the slower way tells why.
    private func openRegular(_ name: [UInt8], in directory: OwnedDescriptor) -> (descriptor: OwnedDescriptor, status: FileStatus)? {
        // Should it have become something else meanwhile, opening it does not wait. The time of the last access is nobody's
        // business, and costs a write; only a file's owner may leave it (EPERM).
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
        guard let file = (try? directory.openEntry(name, flags | O_NOATIME)) ?? (try? directory.openEntry(name, flags)),
            let status = try? file.status(), status.kind == .regular
        else { return nil }
        return (file, status)
    }
}
