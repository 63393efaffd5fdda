internal import CLinux
internal import Essentials

/// A mount's option list sorted by what each concerns. Source: OCI runtime-spec, config, Mounts; mount(8).
struct MountOptions: Equatable {
    /// An attribute of the whole tree below a mount.
    struct Attributes: Equatable {
        /// MOUNT_ATTR_….
        var set: UInt64 = 0
        var clear: UInt64 = 0

        /// What was said last holds.
        mutating func apply(_ added: UInt64, _ removed: UInt64) {
            set = (set & ~removed) | added
            clear = (clear & ~added) | removed
        }

        /// As mount_setattr(2) wants it: the access times are one field, changed as a whole.
        var kernelClear: UInt64 { (clear & ~set) | ((set | clear) & MountOptions.accessTimes != 0 ? MountOptions.accessTimes : 0) }
    }

    enum IDMap: Equatable { case none, top, recursive }

    var isBind = false
    var isRecursiveBind = false
    var attributes = Attributes()
    /// For the whole tree of a bind.
    var recursive = Attributes()
    /// MS_…, 0 when not named.
    var propagation: UInt64 = 0
    var idMap = IDMap.none
    var copiesUp = false
    /// What the file system itself understands.
    var data: [(key: String, value: String)] = []

    static func == (left: MountOptions, right: MountOptions) -> Bool {
        left.isBind == right.isBind && left.isRecursiveBind == right.isRecursiveBind && left.attributes == right.attributes
            && left.recursive == right.recursive && left.propagation == right.propagation && left.idMap == right.idMap
            && left.copiesUp == right.copiesUp && left.data.elementsEqual(right.data) { $0 == $1 }
    }

    static let readOnly: UInt64 = 1
    private static let noSetUID: UInt64 = 2
    private static let noDevices: UInt64 = 4
    private static let noExecution: UInt64 = 8
    static let accessTimes: UInt64 = 0x70

    static let attributes: [String: (set: UInt64, clear: UInt64)] = [
        "ro": (readOnly, 0), "rw": (0, readOnly), "nosuid": (noSetUID, 0), "suid": (0, noSetUID), "nodev": (noDevices, 0),
        "dev": (0, noDevices), "noexec": (noExecution, 0), "exec": (0, noExecution), "noatime": (0x10, accessTimes),
        "atime": (0, accessTimes), "strictatime": (0x20, accessTimes), "nostrictatime": (0, accessTimes),
        "relatime": (0, accessTimes), "norelatime": (0x20, accessTimes), "nodiratime": (0x80, 0), "diratime": (0, 0x80),
        "nosymfollow": (0x20_0000, 0), "symfollow": (0, 0x20_0000), "defaults": (0, 0),
    ]
    static let recursiveAttributes: [String: (set: UInt64, clear: UInt64)] = Dictionary(
        uniqueKeysWithValues: attributes.filter { $0.key != "defaults" }.map { ("r" + $0.key, $0.value) })
    static let propagations: [String: CInt] = [
        "private": MS_PRIVATE, "rprivate": MS_PRIVATE | MS_REC, "slave": MS_SLAVE, "rslave": MS_SLAVE | MS_REC, "shared": MS_SHARED,
        "rshared": MS_SHARED | MS_REC, "unbindable": MS_UNBINDABLE, "runbindable": MS_UNBINDABLE | MS_REC,
    ]
    /// Flags of a whole file system, which the kernel knows by these words (fsconfig(2)).
    static let fileSystemFlags: Set<String> = [
        "sync", "async", "dirsync", "lazytime", "nolazytime", "mand", "nomand", "iversion", "noiversion", "acl", "noacl",
    ]
    /// The other words that are understood here.
    static let others: Set<String> = ["bind", "rbind", "idmap", "ridmap", "tmpcopyup", "silent"]

    static func propagation(named name: String) -> UInt64? { propagations[name].map { UInt64($0) } }

    init(_ options: [String]) {
        for option in options {
            switch option {
            case "bind": isBind = true
            case "rbind": (isBind, isRecursiveBind) = (true, true)
            case "idmap": idMap = .top
            case "ridmap": idMap = .recursive
            case "tmpcopyup": copiesUp = true
            // Mounting by descriptor never writes to the kernel's log.
            case "silent": continue
            default:
                if let (added, removed) = Self.attributes[option] {
                    attributes.apply(added, removed)
                } else if let (added, removed) = Self.recursiveAttributes[option] {
                    recursive.apply(added, removed)
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
