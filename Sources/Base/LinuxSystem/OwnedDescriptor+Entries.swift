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

    /// Where the symbolic link `name` of this directory points; with an empty name, this link itself (opened with O_PATH).
    package func linkTarget(_ name: [UInt8]) throws(SystemError) -> [UInt8] {
        let path = name.map { CChar(bitPattern: $0) } + [0]
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try check("readlinkat", String(decoding: name, as: UTF8.self)) { readlinkat(raw, path, &buffer, buffer.count) }
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }

    /// Whether what is left to read of this file is what is left of `other`. Both are read.
    package func hasSameContent(as other: OwnedDescriptor) throws -> Bool {
        var one = [UInt8](repeating: 0, count: 256 << 10)
        var two = one
        while true {
            let count = try one.withUnsafeMutableBytes { try read(into: $0) }
            var filled = 0
            while filled < count {
                let more = try two.withUnsafeMutableBytes {
                    try other.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled..<count]))
                }
                if more == 0 { return false }
                filled += more
            }
            if count == 0 { return true }
            if memcmp(one, two, count) != 0 { return false }
        }
    }
}
