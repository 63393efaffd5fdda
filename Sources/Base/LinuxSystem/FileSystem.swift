internal import CLinux

/// Small file operations on paths that are ours: never for paths inside a container or image.
package enum FileSystem {
    /// Makes `path` and what is missing above it; an existing directory is left as it is.
    package static func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 || gantry_errno() == EEXIST { return }
        guard gantry_errno() == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemError.last("mkdir", path)
        }
        try makeDirectories(String(path[..<slash]), mode: mode)
        if mkdir(path, mode) != 0, gantry_errno() != EEXIST { throw SystemError.last("mkdir", path) }
    }

    /// Where a symbolic link points.
    package static func readLink(_ path: String) throws(SystemError) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try check("readlink", path) { readlink(path, &buffer, buffer.count) }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The whole content of a file of ours.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        try OwnedDescriptor.open(path, O_RDONLY).readAll(limit: limit)
    }

    package static func readText(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Writes through a temporary file and rename, so that a reader sees the old content or the new, never a part.
    /// - Parameter durable: also waits until the content is on the disk.
    package static func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32 = 0o644, durable: Bool = false
    ) throws(SystemError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        do throws(SystemError) {
            let file = try OwnedDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
            try file.writeAll(bytes)
            if durable { try file.sync() }
            try check("rename", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    package static func replace(_ path: String, with text: String, mode: UInt32 = 0o644, durable: Bool = false) throws(SystemError)
    {
        try replace(path, with: Array(text.utf8), mode: mode, durable: durable)
    }

    /// Writes to an existing file in one call, as control files of the kernel want it.
    package static func writeControl(_ path: String, _ text: String) throws(SystemError) {
        let file = try OwnedDescriptor.open(path, O_WRONLY)
        let bytes = Array(text.utf8)
        try check("write", path) { bytes.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) } }
    }

    /// Writes over an existing file's content: the file stays the one that is mounted elsewhere.
    package static func rewrite(_ path: String, with text: String) throws(SystemError) {
        try OwnedDescriptor.open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW).writeAll(Array(text.utf8))
    }

    /// The names in a directory without `.` and `..`, unsorted. Names that are not UTF-8 are repaired, so use this only for
    /// directories whose names are ours.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        try DirectoryReader(path: path).names().map { String(decoding: $0, as: UTF8.self) }
    }

    /// Removes a file or link; one that is not there is no error.
    package static func remove(_ path: String) throws(SystemError) {
        if unlink(path) != 0, gantry_errno() != ENOENT { throw SystemError.last("unlink", path) }
    }

    /// Removes a directory and everything below it by descriptor, following no link and crossing no mount; one that is not
    /// there is no error.
    package static func removeTree(_ path: String) throws(SystemError) {
        guard let slash = path.lastIndex(of: "/"), path.last != "/" else { throw SystemError("rmdir", path, errno: EINVAL) }
        let parentPath = slash == path.startIndex ? "/" : String(path[..<slash])
        let name = String(path[path.index(after: slash)...]).utf8CString.map { $0 }
        let parent: OwnedDescriptor
        do throws(SystemError) { parent = try OwnedDescriptor.open(parentPath, O_RDONLY | O_DIRECTORY) } catch {
            if error.errno == ENOENT { return }
            throw error
        }
        try removeTree(name, in: parent)
    }

    /// Removes the entry `name` (bytes with a final zero) of `parent` and everything below it.
    package static func removeTree(_ name: [CChar], in parent: OwnedDescriptor) throws(SystemError) {
        if unlinkat(parent.raw, name, 0) == 0 { return }
        let code = gantry_errno()
        if code == ENOENT { return }
        let text = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard code == EISDIR || code == EPERM else { throw SystemError("unlinkat", text, errno: code) }
        let directory = OwnedDescriptor(
            try check("openat2", text) {
                gantry_openat2(
                    parent.raw, name, UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0,
                    UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV))
            })
        for child in try DirectoryReader(descriptor: directory).names() {
            try removeTree(child.map { CChar(bitPattern: $0) } + [0], in: directory)
        }
        if unlinkat(parent.raw, name, AT_REMOVEDIR) != 0, gantry_errno() != ENOENT { throw SystemError.last("rmdir", text) }
    }
}
