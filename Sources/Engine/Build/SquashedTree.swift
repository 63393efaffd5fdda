import CLinux
import Essentials
import LinuxSystem

/// Makes one tree look like another by writing only what differs, for `--squash`: what is left in the writable directory is the
/// sum of several layers. Blocks.
struct SquashedTree {
    private let source: OwnedDescriptor
    private let target: OwnedDescriptor

    /// - Parameters:
    ///   - source: how it is to look.
    ///   - target: a writable view of the layers below.
    init(from source: OwnedDescriptor, to target: OwnedDescriptor) {
        self.source = source
        self.target = target
    }

    func write() throws {
        try directory(source, target)
    }

    private func directory(_ from: OwnedDescriptor, _ to: OwnedDescriptor) throws {
        let wanted = Set(try DirectoryReader(descriptor: from).names())
        for name in try DirectoryReader(descriptor: to).names() where !wanted.contains(name) { try remove(name, in: to) }
        for name in wanted.sorted(by: { $0.lexicographicallyPrecedes($1) }) { try entry(name, from, to) }
        try attributes(try from.status(), to, [46], from: from)
    }

    private func entry(_ name: [UInt8], _ from: OwnedDescriptor, _ to: OwnedDescriptor) throws {
        let wanted = try from.openEntry(name).status()
        var there = try status(name, to)
        if let old = there, same(old, wanted), try isEqual(name, wanted, from, to) {
            if wanted.kind == .directory { try descend(name, from, to) }
            return
        }
        if let old = there, old.kind != wanted.kind || wanted.kind != .directory {
            try remove(name, in: to)
            there = nil
        }
        let text = cString(name)
        switch wanted.kind {
        case .directory:
            if there == nil { try LinuxSystem.check("mkdirat") { mkdirat(to.raw, text, 0o700) } }
            return try descend(name, from, to)
        case .regular: return try file(name, wanted, from, to)
        case .symbolicLink:
            let target = cString(try from.linkTarget(name))
            try LinuxSystem.check("symlinkat") { symlinkat(target, to.raw, text) }
        case .socket, .unknown: return
        default:
            try LinuxSystem.check("mknodat") { mknodat(to.raw, text, wanted.mode, dev_t(wanted.specialDevice)) }
            try LinuxSystem.check("fchmodat") { fchmodat(to.raw, text, wanted.permissions, 0) }
        }
        try LinuxSystem.check("fchownat") { fchownat(to.raw, text, wanted.userID, wanted.groupID, AT_SYMLINK_NOFOLLOW) }
        try LinuxSystem.check("utimensat") { utimensat(to.raw, text, times(wanted), AT_SYMLINK_NOFOLLOW) }
    }

    private func descend(_ name: [UInt8], _ from: OwnedDescriptor, _ to: OwnedDescriptor) throws {
        try directory(
            try from.openEntry(name, O_RDONLY | O_DIRECTORY), try to.openEntry(name, O_RDONLY | O_DIRECTORY))
    }

    private func file(_ name: [UInt8], _ wanted: FileStatus, _ from: OwnedDescriptor, _ to: OwnedDescriptor) throws {
        let input = try from.openEntry(name, O_RDONLY)
        let output = OwnedDescriptor(
            try LinuxSystem.check("openat") {
                gantry_openat(to.raw, cString(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            })
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try input.read(into: $0) }
            if count == 0 { break }
            try chunk.withUnsafeBytes { try output.writeAll(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        try attributes(wanted, output, [], from: input)
    }

    /// Owner first: changing it takes setuid and capabilities away.
    private func attributes(_ wanted: FileStatus, _ file: OwnedDescriptor, _ name: [UInt8], from: OwnedDescriptor) throws {
        let now = try file.status()
        if now.userID != wanted.userID || now.groupID != wanted.groupID {
            try LinuxSystem.check("fchown") { fchown(file.raw, wanted.userID, wanted.groupID) }
        }
        if now.permissions != wanted.permissions || wanted.permissions & 0o6000 != 0 {
            try LinuxSystem.check("fchmod") { fchmod(file.raw, wanted.permissions) }
        }
        try extended(from, file)
        if try file.status().modifiedAt != wanted.modifiedAt {
            try LinuxSystem.check("futimens") { futimens(file.raw, times(wanted)) }
        }
    }

    private func extended(_ from: OwnedDescriptor, _ to: OwnedDescriptor) throws {
        var list = [CChar](repeating: 0, count: 64 << 10)
        let size = flistxattr(from.raw, &list, list.count)
        guard size > 0 else { return }
        for name in list[..<size].split(separator: 0) {
            let text = Array(name) + [0]
            let label = String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard label.hasPrefix("user.") || label == "security.capability" else { continue }
            var value = [UInt8](repeating: 0, count: 64 << 10)
            let count = try LinuxSystem.check("fgetxattr", label) { fgetxattr(from.raw, text, &value, value.count) }
            try LinuxSystem.check("fsetxattr", label) { fsetxattr(to.raw, text, value, count, 0) }
        }
    }

    // MARK: Comparing

    private func same(_ old: FileStatus, _ new: FileStatus) -> Bool {
        old.mode == new.mode && old.userID == new.userID && old.groupID == new.groupID && old.modifiedAt == new.modifiedAt
            && old.specialDevice == new.specialDevice && (old.kind == .directory || old.size == new.size)
    }

    /// Of two entries with equal status whether their content is equal too.
    private func isEqual(_ name: [UInt8], _ status: FileStatus, _ from: OwnedDescriptor, _ to: OwnedDescriptor) throws -> Bool {
        switch status.kind {
        case .symbolicLink: return try from.linkTarget(name) == to.linkTarget(name)
        case .regular:
            return try from.openEntry(name, O_RDONLY).hasSameContent(as: to.openEntry(name, O_RDONLY))
        default: return true
        }
    }

    private func status(_ name: [UInt8], _ directory: OwnedDescriptor) throws -> FileStatus? {
        do throws(SystemError) { return try directory.openEntry(name).status() } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    private func remove(_ name: [UInt8], in directory: OwnedDescriptor) throws {
        if try directory.openEntry(name).status().kind == .directory {
            let inner = try directory.openEntry(name, O_RDONLY | O_DIRECTORY)
            for child in try DirectoryReader(descriptor: inner).names() { try remove(child, in: inner) }
            try LinuxSystem.check("unlinkat") { unlinkat(directory.raw, cString(name), AT_REMOVEDIR) }
        } else {
            try LinuxSystem.check("unlinkat") { unlinkat(directory.raw, cString(name), 0) }
        }
    }

    private func cString(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }

    private func times(_ status: FileStatus) -> [timespec] {
        let seconds = status.modifiedAt.quotientAndRemainder(dividingBy: 1_000_000_000)
        let negative = seconds.remainder < 0
        let time = timespec(
            tv_sec: Int(negative ? seconds.quotient - 1 : seconds.quotient),
            tv_nsec: Int(negative ? seconds.remainder + 1_000_000_000 : seconds.remainder))
        return [time, time]
    }
}
