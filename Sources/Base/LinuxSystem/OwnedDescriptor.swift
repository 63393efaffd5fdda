internal import CLinux

/// A file descriptor that is closed when the last reference to it goes.
package final class OwnedDescriptor: Sendable {
    /// Valid as long as this object lives.
    package let raw: CInt

    /// Takes ownership of `raw`.
    package init(_ raw: CInt) { self.raw = raw }

    deinit { close(raw) }

    /// Opens `path` close-on-exec.
    package static func open(_ path: String, _ flags: CInt, mode: UInt32 = 0) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try check("open", path) { gantry_openat(AT_FDCWD, path, flags | O_CLOEXEC, mode) })
    }

    /// Opens `path` relative to this directory, following links as the kernel does for the calling process. Only for
    /// directories whose content is ours; for anything a container or image can write use ``openInRoot(_:_:mode:)``.
    package func open(_ path: String, _ flags: CInt, mode: UInt32 = 0) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try check("openat", path) { gantry_openat(raw, path, flags | O_CLOEXEC, mode) })
    }

    /// Opens `path` as if this directory were the root: absolute links and `..` stay inside, magic links are refused.
    package func openInRoot(_ path: String, _ flags: CInt, mode: UInt32 = 0) throws(SystemError) -> OwnedDescriptor {
        try openat2(path, flags, mode: mode, resolve: UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS))
    }

    /// Opens `path` below this directory following no link at all; ELOOP when one is met.
    package func openBeneath(_ path: String, _ flags: CInt, mode: UInt32 = 0) throws(SystemError) -> OwnedDescriptor {
        try openat2(path, flags, mode: mode, resolve: UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS))
    }

    private func openat2(_ path: String, _ flags: CInt, mode: UInt32, resolve: UInt64) throws(SystemError) -> OwnedDescriptor {
        // EAGAIN: a rename elsewhere raced with `..`; the kernel asks to try again (openat2(2)).
        for _ in 0..<128 {
            do throws(SystemError) {
                return OwnedDescriptor(
                    try check("openat2", path) {
                        gantry_openat2(raw, path, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), UInt64(mode), resolve)
                    })
            } catch  where error.errno == EAGAIN { continue }
        }
        throw SystemError("openat2", path, errno: EAGAIN)
    }

    /// A second descriptor for the same open file, close-on-exec.
    package func duplicate() throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try check("fcntl") { gantry_fcntl(raw, F_DUPFD_CLOEXEC, 0) })
    }

    /// What `fstat` says of the open file.
    package func status() throws(SystemError) -> FileStatus { try FileStatus(descriptor: raw) }

    /// `/proc/self/fd/N`, for calls that take only paths.
    package var procPath: String { "/proc/self/fd/\(raw)" }

    /// Reads up to `buffer.count` bytes; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        return try check("read") { CLinux.read(raw, base, buffer.count) }
    }

    /// Reads all that is left, at most `limit` bytes.
    /// - Throws: ``SystemError`` with EFBIG when there is more.
    package func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try check("read") { chunk.withUnsafeMutableBytes { CLinux.read(raw, $0.baseAddress, $0.count) } }
            if count == 0 { return result }
            guard result.count + count <= limit else { throw SystemError("read", errno: EFBIG) }
            result.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes all of `bytes`.
    package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            offset += try check("write") { CLinux.write(raw, bytes.baseAddress! + offset, bytes.count - offset) }
        }
    }

    /// Writes all of `bytes`.
    package func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            offset += try check("write") {
                bytes.withUnsafeBytes { CLinux.write(raw, $0.baseAddress! + offset, bytes.count - offset) }
            }
        }
    }

    package func sync() throws(SystemError) { try check("fsync") { fsync(raw) } }
}
