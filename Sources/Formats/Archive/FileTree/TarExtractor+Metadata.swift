import CLinux
import Essentials
import LinuxSystem

/// Owners, times, attributes.
extension TarExtractor {
    static func times(_ nanoseconds: Int64) -> [timespec] {
        var seconds = nanoseconds / 1_000_000_000
        var rest = nanoseconds % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        return [time, time]
    }

    func setOwner(_ entry: TarEntry, _ call: (UInt32, UInt32) -> CInt) throws {
        guard options.keepsOwners else { return }
        var (user, group) = options.owner ?? (entry.userID, entry.groupID)
        if let mapOwner = options.mapOwner { (user, group) = try mapOwner(user, group) }
        try check("chown", entry.nameText) { call(user, group) }
    }

    func setTime(_ entry: TarEntry, _ place: Place) throws {
        let times = Self.times(entry.modifiedAt)
        try check("utimensat", place.text) { utimensat(place.parent.raw, place.name, times, AT_SYMLINK_NOFOLLOW) }
    }

    /// A directory that a later member replaced by something else keeps that one's time.
    func setDirectoryTime(_ path: [ArraySlice<UInt8>], _ modifiedAt: Int64) {
        let times = Self.times(modifiedAt)
        guard let last = path.last else {
            _ = utimensat(AT_FDCWD, tree.root.procPath, times, 0)
            return
        }
        guard let parent = try? tree.directory(path.dropLast(), create: false) else { return }
        let name = cString(last)
        let descriptor = gantry_openat(parent.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return }
        futimens(descriptor, times)
        close(descriptor)
    }

    /// Attributes that mean the same anywhere. Those of overlayfs would change what a layer hides, those of security modules
    /// belong to the host.
    static func accepts(_ attribute: String) -> Bool {
        if attribute.hasPrefix("user.") { return !attribute.hasPrefix("user.overlay.") }
        return attribute == "security.capability" || attribute.hasPrefix("system.posix_acl_")
            || (attribute.hasPrefix("trusted.") && !attribute.hasPrefix("trusted.overlay."))
    }

    func setAttributes(_ entry: TarEntry, _ call: (String, [UInt8], Int) -> CInt) throws {
        if entry.attributes.isEmpty { return }
        for (name, value) in entry.attributes.sorted(by: { $0.key < $1.key }) {
            guard Self.accepts(name) else {
                summary.skippedAttributes += 1
                continue
            }
            if call(name, value, value.count) == 0 { continue }
            guard [ENOTSUP, EPERM].contains(gantry_errno()) else { throw SystemError.last("setxattr", name) }
            summary.skippedAttributes += 1
        }
    }
}
