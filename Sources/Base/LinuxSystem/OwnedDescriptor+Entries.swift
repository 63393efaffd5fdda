internal import CLinux

/// Entries by names that are bytes: those in images need not be UTF-8.
extension OwnedDescriptor {
    /// Opens the entry `name` of this directory, by default only to look at it (O_PATH), never following it. `name` is one
    /// component.
    package func openEntry(_ name: [UInt8], _ flags: CInt? = nil) throws(SystemError) -> OwnedDescriptor {
        let path = name.map { CChar(bitPattern: $0) } + [0]
        let flags = (flags ?? O_PATH) | O_NOFOLLOW | O_CLOEXEC
        return OwnedDescriptor(
            try check("openat", String(decoding: name, as: UTF8.self)) { gantry_openat(raw, path, flags, 0) })
    }
}
