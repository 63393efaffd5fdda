import CLinux

/// The container's root while it is being prepared. Every path below it is opened by the kernel as if this were `/`, so that no
/// link in an image leads out; nothing is ever reached by joining strings.
struct Root: ~Copyable {
    let directory: Descriptor

    init(mountPoint: [UInt8]) throws(Failure) {
        directory = Descriptor(
            try attempt { withC(mountPoint) { gantry_openat(AT_FDCWD, $0, O_PATH | O_DIRECTORY | O_CLOEXEC, 0) } })
    }

    /// Opens `path` inside; magic links are refused, with `noLinks` every link is.
    func open(_ path: [UInt8], _ flags: CInt, noLinks: Bool = false) throws(Failure) -> CInt {
        var resolve = UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
        if noLinks { resolve |= UInt64(RESOLVE_NO_SYMLINKS) }
        var tries = 0
        while true {
            let result = withC(path) { gantry_openat2(directory.raw, $0, UInt64(flags | O_CLOEXEC), 0, resolve) }
            if result >= 0 { return result }
            let code = gantry_errno()
            tries += 1
            // EAGAIN: something was renamed meanwhile (openat2(2)).
            if code != EINTR && (code != EAGAIN || tries > 128) { throw Failure(errno: code) }
        }
    }

    /// Opens the directory `path`, making what is missing (mode 0755) one name at a time below a directory already open inside.
    /// Where a link leads to nothing, its target is made, inside as well.
    func makeDirectory(_ path: [UInt8], noLinks: Bool = false, depth: Int = 0) throws(Failure) -> CInt {
        var made: [UInt8] = []
        for name in path.split(separator: UInt8(ascii: "/")) {
            let parentPath = made.isEmpty ? [UInt8(ascii: "/")] : made
            made.append(UInt8(ascii: "/"))
            made.append(contentsOf: name)
            do throws(Failure) {
                close(try open(made, O_PATH | O_DIRECTORY, noLinks: noLinks))
            } catch {
                guard error.errno == ENOENT else { throw error }
                let parent = Descriptor(try open(parentPath, O_PATH | O_DIRECTORY, noLinks: noLinks))
                if withC(Array(name), { mkdirat(parent.raw, $0, 0o755) }) == 0 { continue }
                guard gantry_errno() == EEXIST, !noLinks, depth < 16 else { throw Failure.last }
                // No link: someone else has just made the directory.
                guard let target = linkTarget(Array(name), in: parent.raw, parentPath) else { continue }
                close(try makeDirectory(target, depth: depth + 1))
            }
        }
        return try open(made.isEmpty ? [UInt8(ascii: "/")] : made, O_PATH | O_DIRECTORY, noLinks: noLinks)
    }

    /// Where the link `name` leads, as a path inside; nil when it is no link.
    private func linkTarget(_ name: [UInt8], in parent: CInt, _ parentPath: [UInt8]) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: 4096)
        let length = content.withUnsafeMutableBytes { buffer in
            withC(name) { readlinkat(parent, $0, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count) }
        }
        guard length > 0 else { return nil }
        return content[0] == UInt8(ascii: "/") ? Array(content[..<length]) : parentPath + [UInt8(ascii: "/")] + content[..<length]
    }

    /// The directory that holds `path`, made when missing, and the last name of `path`.
    func parent(of path: [UInt8]) throws(Failure) -> (directory: CInt, name: [UInt8]) {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")), slash + 1 < path.count else { throw Failure(errno: EINVAL) }
        return (try makeDirectory(Array(path[..<slash])), Array(path[(slash + 1)...]))
    }

    /// Opens the file `path` as a mount target, making an empty one when missing; as ``makeDirectory(_:noLinks:depth:)`` for links
    /// that lead to nothing, which images have at `/etc/resolv.conf`.
    func makeFile(_ path: [UInt8], depth: Int = 0) throws(Failure) -> CInt {
        do throws(Failure) { return try open(path, O_PATH) } catch { guard error.errno == ENOENT else { throw error } }
        let (raw, name) = try parent(of: path)
        let directory = Descriptor(raw)
        let file = withC(name) { gantry_openat(directory.raw, $0, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o755) }
        if file >= 0 {
            close(file)
        } else {
            guard gantry_errno() == EEXIST else { throw Failure.last }
            if depth < 16, let target = linkTarget(name, in: directory.raw, Array(path.dropLast(name.count + 1))) {
                return try makeFile(target, depth: depth + 1)
            }
        }
        return try open(path, O_PATH)
    }
}
