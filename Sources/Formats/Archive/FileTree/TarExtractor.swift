internal import CLinux
internal import Essentials
package import LinuxSystem

/// Puts the members of a tar stream below a directory. No name, link or hard-link target leads out of it, whatever the
/// archive says or somebody changes meanwhile. Blocks; used by one thread.
package final class TarExtractor {
    package enum Mode: Sendable {
        /// A layer: whiteouts become what overlayfs understands. Needs CAP_MKNOD and CAP_SYS_ADMIN when there are any.
        /// Source: OCI image-spec, layer, Whiteouts; kernel overlayfs, whiteouts and opaque directories.
        case layer
        /// An ordinary archive: names starting with `.wh.` mean nothing.
        case plain
    }

    package struct Options: Sendable {
        package var mode: Mode
        /// Refuses to put a directory in place of anything else, and the reverse (docker cp).
        package var noOverwriteDirNonDir = false
        /// Replaces the owner of every member; nil keeps the archive's.
        package var owner: (user: UInt32, group: UInt32)?
        /// From an archive's user and group to those on disk; comes after `owner`.
        package var mapOwner: (@Sendable (_ user: UInt32, _ group: UInt32) throws -> (user: UInt32, group: UInt32))?
        /// Content bytes of all members together.
        package var maximumBytes: Int64 = .max
        package var maximumEntries = Int.max
        /// False drops owners, device nodes and privileged attributes with no error, for callers that are not root.
        package var keepsOwners = true
        /// Refuses archives with device nodes.
        package var refusesDevices = false
        /// Gives the directory itself what the archive says of `./`; in layers it always has.
        package var appliesRoot = false

        package init(_ mode: Mode) { self.mode = mode }
    }

    /// What an extraction did.
    package struct Summary: Sendable, Equatable {
        package var entries = 0
        /// Content bytes of regular files.
        package var bytes: Int64 = 0
        /// Attributes that the file system or our rights did not allow.
        package var skippedAttributes = 0
    }

    let tree: TreeRoot
    let options: Options
    var summary = Summary()
    /// Times of directories, set at the end because their children change them.
    private var directoryTimes: [(path: [ArraySlice<UInt8>], modifiedAt: Int64)] = []
    /// Whiteouts made so far (layer mode): what comes over one must hide the lower content as well.
    var whiteouts: Set<[UInt8]> = []

    package init(into root: OwnedDescriptor, options: Options) {
        tree = TreeRoot(root)
        self.options = options
    }

    /// Extracts all members; `progress` is called after each with the content bytes so far.
    /// - Throws: `invalid` for a malformed or hostile archive, `unavailable` for a full disk. What was extracted stays.
    @discardableResult
    package func extract(_ reader: TarReader, progress: ((Int64) -> Void)? = nil) throws -> Summary {
        while let entry = try reader.next() {
            summary.entries += 1
            guard summary.entries <= options.maximumEntries else {
                throw GantryError.invalid("archive has more than \(options.maximumEntries) members")
            }
            do { try extract(entry, reader) } catch { throw treeError("cannot extract `\(entry.nameText)`", error) }
            progress?(summary.bytes)
        }
        for (path, time) in directoryTimes.reversed() { setDirectoryTime(path, time) }
        return summary
    }

    private func extract(_ entry: TarEntry, _ reader: TarReader) throws {
        let path = TreeRoot.components(entry.name)
        guard let last = path.last else {
            // The root itself: a layer sets what it looks like, an archive does not change the directory it goes into.
            if options.mode == .layer || options.appliesRoot, entry.kind == .directory {
                try applyDirectory(tree.root, entry, path)
            }
            return
        }
        let parent = try tree.directory(path.dropLast(), create: true)
        if options.mode == .layer, last.starts(with: Whiteout.prefix) {
            try applyWhiteout(last, in: parent, path)
            return
        }
        let place = Place(parent: parent, name: cString(last), path: path)
        switch entry.kind {
        case .regular: try makeFile(entry, at: place, reader)
        case .directory: try makeDirectory(entry, at: place)
        case .symbolicLink: try makeLink(entry, at: place)
        case .hardLink: try makeHardLink(entry, at: place)
        case .characterDevice, .blockDevice, .fifo: try makeNode(entry, at: place)
        }
    }

    /// Where a member goes: its directory and the last part of its name.
    struct Place {
        let parent: OwnedDescriptor
        let name: [CChar]
        let path: [ArraySlice<UInt8>]

        /// For calls that take only paths; the last part is not followed by the calls used.
        var procPath: [CChar] { "\(parent.procPath)/".utf8CString.dropLast() + name }
        var text: String { String(decoding: Array(path.joined(separator: [47])), as: UTF8.self) }
    }

    // MARK: Kinds

    private func makeFile(_ entry: TarEntry, at place: Place, _ reader: TarReader) throws {
        guard summary.bytes <= options.maximumBytes - entry.size else {
            throw GantryError.invalid("archive has more than \(options.maximumBytes) bytes")
        }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = OwnedDescriptor(
            try replacing(entry, place) { gantry_openat(place.parent.raw, place.name, flags, 0o600) })
        try reader.readContent { try file.writeAll($0) }
        summary.bytes += entry.size
        try setOwner(entry) { fchown(file.raw, $0, $1) }
        try check("fchmod") { fchmod(file.raw, entry.permissions) }
        try setAttributes(entry) { fsetxattr(file.raw, $0, $1, $2, 0) }
        var times = Self.times(entry.modifiedAt)
        try check("futimens") { futimens(file.raw, &times) }
    }

    private func makeDirectory(_ entry: TarEntry, at place: Place) throws {
        var made = mkdirat(place.parent.raw, place.name, 0o755) == 0
        if !made {
            guard gantry_errno() == EEXIST else { throw SystemError.last("mkdirat", place.text) }
            if try status(place)?.kind != .directory {
                try remove(entry, place)
                try check("mkdirat", place.text) { mkdirat(place.parent.raw, place.name, 0o755) }
                made = true
            }
        }
        let directory = OwnedDescriptor(
            try check("openat", place.text) {
                gantry_openat(place.parent.raw, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
            })
        if made, takeWhiteout(place.path) { try setOpaque(directory) }
        try applyDirectory(directory, entry, place.path)
    }

    private func applyDirectory(_ directory: OwnedDescriptor, _ entry: TarEntry, _ path: [ArraySlice<UInt8>]) throws {
        // A descriptor opened with O_PATH takes attributes only through its path.
        let name = cString(directory.procPath.utf8)
        try setOwner(entry) { chown(name, $0, $1) }
        try check("chmod") { chmod(name, entry.permissions) }
        try setAttributes(entry) { setxattr(name, $0, $1, $2, 0) }
        directoryTimes.append((path, entry.modifiedAt))
    }

    private func makeLink(_ entry: TarEntry, at place: Place) throws {
        let target = cString(entry.linkName)
        _ = try replacing(entry, place) { symlinkat(target, place.parent.raw, place.name) }
        try setOwner(entry) { fchownat(place.parent.raw, place.name, $0, $1, AT_SYMLINK_NOFOLLOW) }
        try setAttributes(entry) { lsetxattr(place.procPath, $0, $1, $2, 0) }
        try setTime(entry, place)
    }

    private func makeHardLink(_ entry: TarEntry, at place: Place) throws {
        let path = TreeRoot.components(entry.linkName)
        guard let last = path.last else { throw GantryError.invalid("hard link `\(entry.nameText)` to `\(entry.linkText)`") }
        // Not through the cache, which holds the directory of the link itself.
        let parent =
            path.count == 1
            ? tree.root : try openInRoot(tree.root, Array(path.dropLast().joined(separator: [47])), O_PATH | O_DIRECTORY)
        let name = cString(last)
        if path == place.path { return }
        _ = try replacing(entry, place) { linkat(parent.raw, name, place.parent.raw, place.name, 0) }
    }

    private func makeNode(_ entry: TarEntry, at place: Place) throws {
        let type =
            switch entry.kind {
            case .characterDevice: S_IFCHR
            case .blockDevice: S_IFBLK
            default: S_IFIFO
            }
        if entry.kind != .fifo, options.refusesDevices { throw GantryError.invalid("`\(entry.nameText)` is a device") }
        if entry.kind != .fifo, !options.keepsOwners { return }
        let device = entry.kind == .fifo ? 0 : gantry_makedev(entry.deviceMajor, entry.deviceMinor)
        _ = try replacing(entry, place) { mknodat(place.parent.raw, place.name, mode_t(type) | 0o600, dev_t(device)) }
        try setOwner(entry) { fchownat(place.parent.raw, place.name, $0, $1, AT_SYMLINK_NOFOLLOW) }
        // By descriptor: somebody may have put a link in its place.
        let node = OwnedDescriptor(
            try check("openat", place.text) { gantry_openat(place.parent.raw, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0) })
        guard try node.status().kind != .symbolicLink else { throw SystemError("chmod", place.text, errno: ELOOP) }
        try check("chmod", place.text) { chmod(node.procPath, entry.permissions) }
        try setAttributes(entry) { lsetxattr(place.procPath, $0, $1, $2, 0) }
        try setTime(entry, place)
    }

    // MARK: Replacing

    /// Runs a call that makes the member; when something is there already, removes it first.
    private func replacing(_ entry: TarEntry, _ place: Place, _ make: () -> CInt) throws -> CInt {
        let result = make()
        if result >= 0 { return result }
        guard gantry_errno() == EEXIST else { throw SystemError.last("create", place.text) }
        try remove(entry, place)
        return try check("create", place.text, make)
    }

    /// Removes what stands where a member goes.
    private func remove(_ entry: TarEntry, _ place: Place) throws {
        guard let old = try status(place) else { return }
        if options.noOverwriteDirNonDir, old.kind == .directory, entry.kind != .directory {
            throw GantryError.invalid("cannot overwrite directory \"/\(place.text)\" with non-directory \"\(entry.nameText)\"")
        }
        if options.noOverwriteDirNonDir, old.kind != .directory, entry.kind == .directory {
            throw GantryError.invalid("cannot overwrite non-directory \"/\(place.text)\" with directory \"\(entry.nameText)\"")
        }
        if old.kind == .directory || old.kind == .symbolicLink { tree.forget() }
        try FileSystem.removeTree(place.name, in: place.parent)
    }

    func status(_ place: Place) throws -> FileStatus? {
        let descriptor = gantry_openat(place.parent.raw, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
        if descriptor < 0 {
            if gantry_errno() == ENOENT { return nil }
            throw SystemError.last("openat", place.text)
        }
        return try OwnedDescriptor(descriptor).status()
    }
}
