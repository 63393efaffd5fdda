import CLinux

/// Mounts that another runtime is to find by path: in a namespace of the shim's own, they go with it and nobody else sees them.
enum OwnMounts {
    static func perform(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        switch step.operation {
        case .ownMounts:
            try attempt { gantry_unshare(CLONE_NEWNS) }
            // Only this one mount: the others go on telling the host of what is mounted in them, as shared binds are asked to.
            try attempt { withC(path) { mount(nil, $0, nil, UInt(MS_SLAVE), nil) } }
        case .placeTree:
            let tree = try step.descriptor(0)
            try attempt {
                withC("") { empty in withC(path) { gantry_move_mount(tree, empty, AT_FDCWD, $0, UInt32(MOVE_MOUNT_F_EMPTY_PATH)) } }
            }
        case .placeNamespace:
            let source = bytes("/proc/self/fd/") + decimal(Int64(try step.descriptor(0)))
            try attempt { withC(source) { from in withC(path) { mount(from, $0, nil, UInt(MS_BIND), nil) } } }
        default: throw Failure(errno: EBADMSG)
        }
    }
}
