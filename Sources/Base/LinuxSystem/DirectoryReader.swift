internal import CLinux

/// Reads the names in a directory as bytes: names in images need not be UTF-8.
package struct DirectoryReader: ~Copyable {
    // An opaque handle of libc's, used only by the owner of this value.
    private let stream: OpaquePointer

    package init(path: String) throws(SystemError) {
        guard let stream = opendir(path) else { throw SystemError.last("opendir", path) }
        self.stream = stream
    }

    /// Reads the directory open as `descriptor` from its start; the descriptor stays the caller's.
    package init(descriptor: OwnedDescriptor) throws(SystemError) {
        let copy = try check("openat") { gantry_openat(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        guard let stream = fdopendir(copy) else {
            let error = SystemError.last("fdopendir")
            close(copy)
            throw error
        }
        self.stream = stream
    }

    deinit { closedir(stream) }

    /// All names without `.` and `..`, in the order of the file system.
    package func names() throws(SystemError) -> [[UInt8]] { try entries().map(\.name) }

    /// Names and kinds without `.` and `..`, in the order of the file system; the kind is `unknown` where it does not tell.
    package func entries() throws(SystemError) -> [(name: [UInt8], kind: FileStatus.Kind)] {
        var result: [(name: [UInt8], kind: FileStatus.Kind)] = []
        rewinddir(stream)
        while true {
            gantry_set_errno(0)
            guard let entry = readdir(stream) else {
                if gantry_errno() != 0 { throw SystemError.last("readdir") }
                return result
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in Array(bytes.prefix { $0 != 0 }) }
            guard name != [46], name != [46, 46] else { continue }
            // The type bits of a mode, shifted as readdir(3) has them (IFTODT).
            result.append((name, FileStatus.Kind(mode: UInt32(entry.pointee.d_type) << 12)))
        }
    }
}
