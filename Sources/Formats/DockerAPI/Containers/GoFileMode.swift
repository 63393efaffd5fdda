/// Go's `os.FileMode` number, which `PathStat.mode` holds: permission bits as in Unix, the rest elsewhere.
/// Source: Go, package io/fs.
package enum GoFileMode {
    package static let directory: UInt32 = 1 << 31
    package static let symbolicLink: UInt32 = 1 << 27
    package static let device: UInt32 = 1 << 26
    package static let namedPipe: UInt32 = 1 << 25
    package static let socket: UInt32 = 1 << 24
    package static let setuid: UInt32 = 1 << 23
    package static let setgid: UInt32 = 1 << 22
    package static let characterDevice: UInt32 = 1 << 21
    package static let sticky: UInt32 = 1 << 20

    /// From `st_mode`.
    package static func from(unix mode: UInt32) -> UInt32 {
        var result = mode & 0o777
        switch mode & 0o170000 {
        case 0o040000: result |= directory
        case 0o120000: result |= symbolicLink
        case 0o060000: result |= device
        case 0o020000: result |= device | characterDevice
        case 0o010000: result |= namedPipe
        case 0o140000: result |= socket
        default: break
        }
        if mode & 0o4000 != 0 { result |= setuid }
        if mode & 0o2000 != 0 { result |= setgid }
        if mode & 0o1000 != 0 { result |= sticky }
        return result
    }

    /// To `st_mode`.
    package static func toUnix(_ mode: UInt32) -> UInt32 {
        var result = mode & 0o777
        if mode & directory != 0 {
            result |= 0o040000
        } else if mode & symbolicLink != 0 {
            result |= 0o120000
        } else if mode & characterDevice != 0 {
            result |= 0o020000
        } else if mode & device != 0 {
            result |= 0o060000
        } else if mode & namedPipe != 0 {
            result |= 0o010000
        } else if mode & socket != 0 {
            result |= 0o140000
        } else {
            result |= 0o100000
        }
        if mode & setuid != 0 { result |= 0o4000 }
        if mode & setgid != 0 { result |= 0o2000 }
        if mode & sticky != 0 { result |= 0o1000 }
        return result
    }
}
