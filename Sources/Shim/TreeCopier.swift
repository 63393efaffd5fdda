import CLinux

/// Copies a directory's contents, by descriptor only: links are copied as links and never followed.
enum TreeCopier {
    private static let deepest = 256

    static func copyContents(of source: CInt, to target: CInt, depth: Int = 0) throws(Failure) {
        guard depth < deepest else { throw Failure(errno: ELOOP) }
        for name in try names(in: source) {
            var status = stat()
            try attempt { withC(name) { fstatat(source, $0, &status, AT_SYMLINK_NOFOLLOW) } }
            switch gantry_file_type(status.st_mode) {
            case S_IFDIR: try copyDirectory(name, source, target, depth)
            case S_IFREG: try copyFile(name, source, target)
            case S_IFLNK:
                try copyLink(name, source, target)
                try attempt { withC(name) { fchownat(target, $0, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) } }
            default:
                // Sockets belong to whoever listens on them; the others are made anew where that is allowed.
                guard gantry_file_type(status.st_mode) != S_IFSOCK else { continue }
                try attempt { withC(name) { gantry_make_node(target, $0, status.st_mode, UInt64(status.st_rdev)) } }
                try attempt { withC(name) { fchownat(target, $0, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) } }
            }
        }
    }

    /// Owner, mode and times of one open file to another. The owner first: its change clears the set-user bits of the mode.
    static func copyOwner(of source: CInt, to target: CInt) throws(Failure) {
        var status = stat()
        try attempt { fstat(source, &status) }
        try attempt { fchown(target, status.st_uid, status.st_gid) }
        try copyAttributes(of: source, to: target)
        try attempt { fchmod(target, status.st_mode & 0o7777) }
        let times = [status.st_atim, status.st_mtim]
        try attempt { futimens(target, times) }
    }

    /// Extended attributes, such as a program's capabilities; those that the new file system cannot hold are left out.
    private static func copyAttributes(of source: CInt, to target: CInt) throws(Failure) {
        var list = [CChar](repeating: 0, count: 16384)
        let length = flistxattr(source, &list, list.count)
        if length < 0, gantry_errno() == ENOTSUP { return }
        guard length >= 0 else { throw Failure.last }
        var value = [UInt8](repeating: 0, count: 65536)
        for name in list[..<length].split(separator: 0) {
            let key = name.map { UInt8(bitPattern: $0) }
            let size = value.withUnsafeMutableBytes { buffer in
                withC(key) { fgetxattr(source, $0, buffer.baseAddress, buffer.count) }
            }
            guard size >= 0 else { throw Failure.last }
            let result = value.withUnsafeBytes { buffer in withC(key) { fsetxattr(target, $0, buffer.baseAddress, size, 0) } }
            if result != 0, gantry_errno() != ENOTSUP, gantry_errno() != EPERM { throw Failure.last }
        }
    }

    private static func copyDirectory(_ name: [UInt8], _ source: CInt, _ target: CInt, _ depth: Int) throws(Failure) {
        let from = Descriptor(try open(source, name, O_RDONLY | O_DIRECTORY))
        try attempt { withC(name) { mkdirat(target, $0, 0o700) } }
        let to = Descriptor(try open(target, name, O_RDONLY | O_DIRECTORY))
        try copyContents(of: from.raw, to: to.raw, depth: depth + 1)
        try copyOwner(of: from.raw, to: to.raw)
    }

    private static func copyFile(_ name: [UInt8], _ source: CInt, _ target: CInt) throws(Failure) {
        let from = Descriptor(try open(source, name, O_RDONLY))
        let to = Descriptor(
            try attempt { withC(name) { gantry_openat(target, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600) } })
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(from.raw, $0.baseAddress, $0.count) }
            if count == 0 { break }
            if count < 0 {
                if gantry_errno() == EINTR { continue }
                throw Failure.last
            }
            var done = 0
            while done < count {
                let written = buffer.withUnsafeBytes { write(to.raw, $0.baseAddress! + done, count - done) }
                if written < 0, gantry_errno() != EINTR { throw Failure.last }
                if written > 0 { done += written }
            }
        }
        try copyOwner(of: from.raw, to: to.raw)
    }

    private static func copyLink(_ name: [UInt8], _ source: CInt, _ target: CInt) throws(Failure) {
        var content = [UInt8](repeating: 0, count: 4097)
        let length = content.withUnsafeMutableBytes { buffer in
            withC(name) { readlinkat(source, $0, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count - 1) }
        }
        guard length >= 0 else { throw Failure.last }
        try attempt { withC(Array(content[..<length])) { to in withC(name) { symlinkat(to, target, $0) } } }
    }

    private static func open(_ directory: CInt, _ name: [UInt8], _ flags: CInt) throws(Failure) -> CInt {
        try attempt { withC(name) { gantry_openat(directory, $0, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0) } }
    }

    /// All names but `.` and `..`.
    private static func names(in directory: CInt) throws(Failure) -> [[UInt8]] {
        // fdopendir keeps the descriptor that it gets.
        let copy = try attempt { withC(".") { gantry_openat(directory, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) } }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw Failure.last
        }
        defer { closedir(stream) }
        var result: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = gantry_entry_name(entry)!
            let bytes = Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
            if bytes != [46] && bytes != [46, 46] { result.append(bytes) }
        }
        return result
    }
}
