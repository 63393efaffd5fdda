import CLinux
import Essentials
import LinuxSystem

/// A directory below which names of archives are looked up, so that none leads out of it: absolute links, `..` and links to
/// links all end inside (openat2 with RESOLVE_IN_ROOT).
final class TreeRoot {
    let root: OwnedDescriptor
    /// The directory that was used last: members of one directory follow one another.
    private var cached: (path: [UInt8], descriptor: OwnedDescriptor)?

    init(_ root: OwnedDescriptor) { self.root = root }

    /// Components of a name with `.` and empty ones dropped and `..` taken back, never above the root.
    static func components(_ name: [UInt8]) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        for part in name.split(separator: 47) {
            if part.elementsEqual([46]) { continue }
            if part.elementsEqual([46, 46]) { _ = result.popLast() } else { result.append(part) }
        }
        return result
    }

    /// Forgets the directory used last; needed after a directory or link was replaced.
    func forget() { cached = nil }

    /// The directory `components`, made with what is missing above it (mode 0755) when `create` is set.
    func directory(_ components: ArraySlice<ArraySlice<UInt8>>, create: Bool) throws -> OwnedDescriptor {
        if components.isEmpty { return root }
        let path = Array(components.joined(separator: [47]))
        if let cached, cached.path == path { return cached.descriptor }
        let descriptor: OwnedDescriptor
        do {
            descriptor = try open(path)
        } catch let error as SystemError where error.errno == ENOENT && create && components.count > 0 {
            let parent = try directory(components.dropLast(), create: true)
            let name = cString(components.last ?? [])
            if mkdirat(parent.raw, name, 0o755) != 0, gantry_errno() != EEXIST {
                throw SystemError.last("mkdirat", String(decoding: path, as: UTF8.self))
            }
            descriptor = try open(path)
        }
        cached = (path, descriptor)
        return descriptor
    }

    private func open(_ path: [UInt8]) throws -> OwnedDescriptor {
        try openInRoot(root, path, O_PATH | O_DIRECTORY)
    }
}

/// Opens `path` as if `root` were `/`.
func openInRoot(_ root: OwnedDescriptor, _ path: [UInt8], _ flags: CInt) throws(SystemError) -> OwnedDescriptor {
    let name = cString(path.isEmpty ? [46] : path)
    let resolve = UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
    for _ in 0..<128 {
        do throws(SystemError) {
            return OwnedDescriptor(
                try check("openat2", String(decoding: path, as: UTF8.self)) {
                    gantry_openat2(root.raw, name, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), 0, resolve)
                })
        } catch  where error.errno == EAGAIN { continue }
    }
    throw SystemError("openat2", String(decoding: path, as: UTF8.self), errno: EAGAIN)
}

/// Bytes with the final zero that system calls want.
func cString(_ bytes: some Collection<UInt8>) -> [CChar] {
    var result: [CChar] = []
    result.reserveCapacity(bytes.count + 1)
    for byte in bytes { result.append(CChar(bitPattern: byte)) }
    result.append(0)
    return result
}

/// Adds what was being done to a failed system call; a full disk keeps its own kind.
func treeError(_ message: String, _ error: any Error) -> GantryError {
    guard let system = error as? SystemError else {
        return (error as? GantryError) ?? GantryError(.internal, message, cause: error)
    }
    let full = system.errno == ENOSPC || system.errno == EDQUOT
    return GantryError(full ? .unavailable : .invalid, message, cause: system)
}
