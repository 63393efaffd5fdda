internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI

/// How a profile's filter is put in force: flags, and who listens.
package enum SeccompInstallation {
    /// Source: seccomp(2).
    package static let flags: [String: UInt64] = [
        "SECCOMP_FILTER_FLAG_TSYNC": 1, "SECCOMP_FILTER_FLAG_LOG": 2, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4,
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": 32,
    ]
    private static let newListener: UInt64 = 8
    private static let failsWithNumber: UInt64 = 16

    /// - Throws: `invalid` for an unknown flag, and for a combination that the kernel refuses.
    static func flags(of profile: LinuxSeccomp) throws(GantryError) -> UInt64 {
        var result: UInt64 = 0
        for flag in profile.flags ?? [] {
            guard let number = flags[flag] else { throw .invalid("`linux.seccomp.flags` has the unknown value `\(flag)`") }
            result |= number
        }
        let notifies = notifies(profile)
        if result & 32 != 0, !notifies {
            throw .invalid("`linux.seccomp.flags`: WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY")
        }
        guard notifies else { return result }
        // One call cannot answer both a thread's number and a descriptor.
        return result | newListener | (result & 1 != 0 ? failsWithNumber : 0)
    }

    static func notifies(_ profile: LinuxSeccomp) -> Bool { (profile.syscalls ?? []).contains { $0.action == "SCMP_ACT_NOTIFY" } }

    /// Connects to the listener of a profile that notifies; nil for one that does not.
    static func listener(of profile: LinuxSeccomp) throws -> OwnedDescriptor? {
        let path = profile.listenerPath ?? ""
        guard profile.defaultAction != "SCMP_ACT_NOTIFY" else {
            throw GantryError.invalid("`linux.seccomp.defaultAction` cannot be SCMP_ACT_NOTIFY")
        }
        guard notifies(profile) else {
            guard path.isEmpty, (profile.listenerMetadata ?? "").isEmpty else {
                throw GantryError.invalid("`linux.seccomp.listenerPath` and `listenerMetadata` need a rule with SCMP_ACT_NOTIFY")
            }
            return nil
        }
        guard !path.isEmpty else { throw GantryError.invalid("SCMP_ACT_NOTIFY needs `linux.seccomp.listenerPath`") }
        let stopped = (profile.syscalls ?? []).filter { $0.action == "SCMP_ACT_NOTIFY" }.flatMap(\.names).contains("sendmsg")
        guard !stopped else {
            throw GantryError.invalid("SCMP_ACT_NOTIFY cannot be the action of `sendmsg`: the listener itself is told with it")
        }
        return OwnedDescriptor(try check("connect", path) { gantry_connect_unix(path) })
    }
}
