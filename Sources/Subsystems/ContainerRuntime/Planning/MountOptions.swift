internal import CLinux

/// A mount's option list sorted by what each concerns. Source: OCI runtime-spec, config, Mounts; mount(8).
struct MountOptions: Equatable {
    var isBind = false
    var isRecursiveBind = false
    /// MOUNT_ATTR_….
    var set: UInt64 = 0
    var clear: UInt64 = 0
    /// For the whole tree of a bind.
    var recursiveSet: UInt64 = 0
    /// MS_…, 0 when not named.
    var propagation: UInt64 = 0
    /// What the file system itself understands.
    var data: [(key: String, value: String)] = []

    static func == (left: MountOptions, right: MountOptions) -> Bool {
        left.isBind == right.isBind && left.isRecursiveBind == right.isRecursiveBind && left.set == right.set
            && left.clear == right.clear
            && left.recursiveSet == right.recursiveSet && left.propagation == right.propagation
            && left.data.elementsEqual(right.data) { $0 == $1 }
    }

    private static let readOnly: UInt64 = 1
    private static let noSetUID: UInt64 = 2
    private static let noDevices: UInt64 = 4
    private static let noExecution: UInt64 = 8
    private static let accessTimes: UInt64 = 0x70

    private static let attributes: [String: (set: UInt64, clear: UInt64)] = [
        "ro": (readOnly, 0), "rw": (0, readOnly), "nosuid": (noSetUID, 0), "suid": (0, noSetUID), "nodev": (noDevices, 0),
        "dev": (0, noDevices), "noexec": (noExecution, 0), "exec": (0, noExecution), "noatime": (0x10, accessTimes),
        "atime": (0, accessTimes), "strictatime": (0x20, accessTimes), "nostrictatime": (0, accessTimes),
        "relatime": (0, accessTimes),
        "norelatime": (0, accessTimes), "nodiratime": (0x80, 0), "diratime": (0, 0x80), "nosymfollow": (0x20_0000, 0),
        "symfollow": (0, 0x20_0000), "defaults": (0, 0),
    ]
    private static let recursiveAttributes: [String: UInt64] = [
        "rro": readOnly, "rnosuid": noSetUID, "rnodev": noDevices, "rnoexec": noExecution,
    ]
    private static let propagations: [String: CInt] = [
        "private": MS_PRIVATE, "rprivate": MS_PRIVATE | MS_REC, "slave": MS_SLAVE, "rslave": MS_SLAVE | MS_REC, "shared": MS_SHARED,
        "rshared": MS_SHARED | MS_REC, "unbindable": MS_UNBINDABLE, "runbindable": MS_UNBINDABLE | MS_REC,
    ]

    static func propagation(named name: String) -> UInt64? { propagations[name].map { UInt64($0) } }

    init(_ options: [String]) {
        for option in options {
            switch option {
            case "bind": isBind = true
            case "rbind": (isBind, isRecursiveBind) = (true, true)
            default:
                if let (added, removed) = Self.attributes[option] {
                    set = (set & ~removed) | added
                    clear = (clear & ~added) | removed
                } else if let added = Self.recursiveAttributes[option] {
                    recursiveSet |= added
                } else if let kind = Self.propagations[option] {
                    propagation = UInt64(kind)
                } else if let equal = option.firstIndex(of: "=") {
                    data.append((String(option[..<equal]), String(option[option.index(after: equal)...])))
                } else {
                    data.append((option, ""))
                }
            }
        }
    }
}
