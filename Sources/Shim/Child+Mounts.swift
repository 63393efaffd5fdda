import CLinux

extension Child {
    mutating func mountRoot(_ step: PlanStep) throws(Failure) {
        let mountPoint = try step.string(0)
        if try step.flag(1) {
            // pivot_root refuses a new root whose parent mount has peers: give it a parent of its own.
            try attempt { withC(mountPoint) { mount($0, $0, nil, UInt(MS_BIND), nil) } }
            try attempt { withC(mountPoint) { mount(nil, $0, nil, UInt(MS_PRIVATE), nil) } }
        }
        if step.operation == .rootTree {
            let tree = try step.descriptor(0)
            try attempt {
                withC("") { empty in
                    withC(mountPoint) { gantry_move_mount(tree, empty, AT_FDCWD, $0, UInt32(MOVE_MOUNT_F_EMPTY_PATH)) }
                }
            }
        } else {
            let source = try step.string(1)
            try attempt { withC(source) { from in withC(mountPoint) { mount(from, $0, nil, UInt(MS_BIND | MS_REC), nil) } } }
            try attempt { withC(mountPoint) { mount(nil, $0, nil, UInt(MS_PRIVATE | MS_REC), nil) } }
        }
        root = try Root(mountPoint: mountPoint)
    }

    /// A new file system made by descriptor and attached at a target inside the root.
    mutating func mountNew(_ step: PlanStep) throws(Failure) {
        let tree = Descriptor(try makeFileSystem(step))
        let target = try step.string(1)
        let place = Descriptor(try withRoot { (root) throws(Failure) in try root.makeDirectory(target, noLinks: try step.flag(1)) })
        try attach(tree.raw, to: place.raw)
    }

    /// As ``mountNew(_:)``, with a copy in it of what the root has at the target.
    mutating func mountCopy(_ step: PlanStep) throws(Failure) {
        let tree = Descriptor(try makeFileSystem(step, withoutAttributes: true))
        let target = try step.string(1)
        let place = Descriptor(try withRoot { (root) throws(Failure) in try root.makeDirectory(target, noLinks: try step.flag(1)) })
        let source = Descriptor(
            try withRoot { (root) throws(Failure) in try root.open(target, O_RDONLY | O_DIRECTORY, noLinks: try step.flag(1)) })
        // The mount's own descriptor names a place only (O_PATH).
        let top = Descriptor(
            try attempt { withC(".") { gantry_openat(tree.raw, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) } })
        try TreeCopier.copyContents(of: source.raw, to: top.raw)
        let mode = bytes("mode")
        if !step.strings.contains(where: { $0 == mode }) { try TreeCopier.copyOwner(of: source.raw, to: top.raw) }
        try attach(tree.raw, to: place.raw)
        try setAttributes(tree.raw, set: try step.number(0), clear: 0, recursive: false, propagation: 0)
    }

    private mutating func makeFileSystem(_ step: PlanStep, withoutAttributes: Bool = false) throws(Failure) -> CInt {
        let type = try step.string(0)
        var options = Array(step.strings.dropFirst(2))
        if step.numbers.count > 2, try step.flag(2), let mode = try modeOfDirectory(try step.string(1)) {
            options += [bytes("mode"), mode]
        }
        let context = Descriptor(try attempt { withC(type) { gantry_fsopen($0, UInt32(FSOPEN_CLOEXEC)) } })
        var index = 0
        while index + 1 < options.count {
            let key = options[index]
            let value = options[index + 1]
            let result =
                value.isEmpty
                ? withC(key) { gantry_fsconfig(context.raw, UInt32(FSCONFIG_SET_FLAG.rawValue), $0, nil, 0) }
                : withC(key) { name in
                    withC(value) { gantry_fsconfig(context.raw, UInt32(FSCONFIG_SET_STRING.rawValue), name, $0, 0) }
                }
            if result != 0 { throw Failure.last }
            index += 2
        }
        try attempt { gantry_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0) }
        let attributes = withoutAttributes ? 0 : try step.word(0)
        return try attempt { gantry_fsmount(context.raw, UInt32(FSMOUNT_CLOEXEC), attributes) }
    }

    /// Permissions of the directory at `path` inside the root in octal; nil when there is none.
    private mutating func modeOfDirectory(_ path: [UInt8]) throws(Failure) -> [UInt8]? {
        guard let raw = try existing(path) else { return nil }
        let place = Descriptor(raw)
        var status = stat()
        try attempt { fstat(place.raw, &status) }
        let mode = status.st_mode & 0o7777
        return [9, 6, 3, 0].map { UInt8(ascii: "0") + UInt8(truncatingIfNeeded: mode >> UInt32($0) & 7) }
    }

    func attach(_ tree: CInt, to place: CInt) throws(Failure) {
        try attempt {
            withC("") { gantry_move_mount(tree, $0, place, $0, UInt32(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)) }
        }
    }

    /// A copy of a mount of the host's, attached inside the root.
    mutating func bind(_ step: PlanStep) throws(Failure) {
        let source = try step.string(0)
        let target = try step.string(1)
        let recursive: UInt32 = try step.flag(0) ? UInt32(AT_RECURSIVE) : 0
        let tree = Descriptor(
            try attempt {
                withC(source) { gantry_open_tree(AT_FDCWD, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | recursive) }
            })
        try attachCopy(tree.raw, target, step)
    }

    /// A mount that the daemon has made of something of the host's: what the child may not see or not change by itself.
    mutating func bindTree(_ step: PlanStep) throws(Failure) {
        try attachCopy(try step.descriptor(0), try step.string(0), step)
    }

    private mutating func attachCopy(_ tree: CInt, _ target: [UInt8], _ step: PlanStep) throws(Failure) {
        var status = stat()
        try attempt { fstat(tree, &status) }
        let isDirectory = gantry_file_type(status.st_mode) == Int(S_IFDIR)
        let place = Descriptor(
            try withRoot { (root) throws(Failure) in isDirectory ? try root.makeDirectory(target) : try root.makeFile(target) })
        try attach(tree, to: place.raw)
        try setAttributes(
            tree, set: try step.number(1), clear: try step.number(2), recursive: try step.flag(3),
            propagation: try step.number(4))
    }

    /// Changes what a step before has mounted.
    mutating func changeMount(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        let place = Descriptor(try withRoot { (root) throws(Failure) in try root.open(path, O_PATH) })
        try setAttributes(
            place.raw, set: try step.number(0), clear: try step.number(1), recursive: try step.flag(2),
            propagation: try step.number(3))
    }

    /// Changes a mount by its descriptor; before Linux 5.12 by the classic call on its path in /proc.
    func setAttributes(_ mountDescriptor: CInt, set: UInt64, clear: UInt64, recursive: Bool, propagation: UInt64) throws(Failure) {
        let privateRecursive = propagation & UInt64(MS_REC) != 0
        let kind = propagation & ~UInt64(MS_REC)
        func change(_ set: UInt64, _ clear: UInt64, _ kind: UInt64, _ recursive: Bool) throws(Failure) {
            if set == 0 && clear == 0 && kind == 0 { return }
            let flags = UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
            let result = withC("") { gantry_mount_setattr(mountDescriptor, $0, flags, set, clear, kind, 0) }
            if result == 0 { return }
            guard gantry_errno() == ENOSYS else { throw Failure.last }
            try changeClassic(mountDescriptor, set: set, kind: kind, recursive: recursive)
        }
        try change(set, clear, 0, recursive)
        try change(0, 0, kind, privateRecursive)
    }

    private func changeClassic(_ mountDescriptor: CInt, set: UInt64, kind: UInt64, recursive: Bool) throws(Failure) {
        let path = bytes("/proc/self/fd/") + decimal(Int64(mountDescriptor))
        if kind != 0 {
            let flags = UInt(kind) | (recursive ? UInt(MS_REC) : 0)
            try attempt { withC(path) { mount(nil, $0, nil, flags, nil) } }
            return
        }
        // The low attribute bits (ro, nosuid, nodev, noexec) have the numbers of their MS_ twins; access times are kept.
        let flags = UInt(MS_REMOUNT | MS_BIND) | UInt(set & 15)
        try attempt { withC(path) { mount(nil, $0, nil, flags, nil) } }
    }

    /// Attributes of what is mounted at a path inside the root.
    mutating func setAttributes(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        let place = Descriptor(try withRoot { (root) throws(Failure) in try root.open(path, O_PATH) })
        try setAttributes(place.raw, set: try step.number(0), clear: 0, recursive: false, propagation: 0)
    }

    /// Covers a file with the null device and a directory with an empty one; what is not there needs no cover.
    mutating func mask(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        guard let raw = try existing(path) else { return }
        let place = Descriptor(raw)
        var status = stat()
        try attempt { fstat(place.raw, &status) }
        if gantry_file_type(status.st_mode) == Int(S_IFDIR) {
            if emptyDirectory < 0 {
                let context = Descriptor(try attempt { withC("tmpfs") { gantry_fsopen($0, UInt32(FSOPEN_CLOEXEC)) } })
                try attempt { gantry_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0) }
                emptyDirectory = try attempt {
                    gantry_fsmount(
                        context.raw, UInt32(FSMOUNT_CLOEXEC),
                        UInt32(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))
                }
                try attach(emptyDirectory, to: place.raw)
                return
            }
            let copy = Descriptor(
                try attempt {
                    withC("") {
                        gantry_open_tree(emptyDirectory, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH))
                    }
                })
            try attach(copy.raw, to: place.raw)
            return
        }
        if nullDevice < 0 {
            nullDevice = try nullDeviceMount()
            return try attach(nullDevice, to: place.raw)
        }
        let copy = Descriptor(
            try attempt {
                withC("") {
                    gantry_open_tree(nullDevice, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH))
                }
            })
        try attach(copy.raw, to: place.raw)
    }

    mutating func makeReadOnly(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        guard let raw = try existing(path) else { return }
        let place = Descriptor(raw)
        let copy = Descriptor(
            try attempt {
                withC("") {
                    gantry_open_tree(
                        place.raw, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH) | UInt32(AT_RECURSIVE))
                }
            })
        try attach(copy.raw, to: place.raw)
        try setAttributes(copy.raw, set: UInt64(MOUNT_ATTR_RDONLY), clear: 0, recursive: true, propagation: 0)
    }

    private mutating func existing(_ path: [UInt8]) throws(Failure) -> CInt? {
        do throws(Failure) {
            return try withRoot { (root) throws(Failure) in try root.open(path, O_PATH) }
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw error
        }
    }

    /// Makes the prepared root the process's root and drops the host's mounts.
    mutating func pivot(_ step: PlanStep) throws(Failure) {
        let propagation = UInt(try step.number(0))
        let directory = try withRoot { (root) throws(Failure) in root.directory.raw }
        try attempt { fchdir(directory) }
        if step.numbers.count > 1, try step.flag(1) {
            try attempt { withC(".") { from in withC("/") { mount(from, $0, nil, UInt(MS_MOVE), nil) } } }
            try attempt { withC(".") { chroot($0) } }
            try attempt { withC("/") { chdir($0) } }
            if propagation != 0 { try attempt { withC("/") { mount(nil, $0, nil, propagation, nil) } } }
            return
        }
        if propagation & UInt(MS_SHARED) != 0 {
            let old = Descriptor(
                try attempt { withC("/") { gantry_openat(AT_FDCWD, $0, O_PATH | O_DIRECTORY | O_CLOEXEC, 0) } })
            try attempt { withC(".") { gantry_pivot_root($0, $0) } }
            // The old root's mounts are the host's peers here: unmounting them must not travel. The step `propagation` has cut
            // them off otherwise.
            try attempt { fchdir(old.raw) }
            try attempt { withC(".") { mount(nil, $0, nil, UInt(MS_REC | MS_SLAVE), nil) } }
        } else {
            try attempt { withC(".") { gantry_pivot_root($0, $0) } }
        }
        // The old root lies over the new one at ".".
        try attempt { withC(".") { umount2($0, CInt(MNT_DETACH)) } }
        try attempt { withC("/") { chdir($0) } }
        if propagation != 0 { try attempt { withC("/") { mount(nil, $0, nil, propagation, nil) } } }
    }
}
