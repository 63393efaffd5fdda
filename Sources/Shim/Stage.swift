import CLinux

/// A process between the shim and the child that enters what the shim itself must stay out of: the shim keeps its place on the
/// host, and the child is made where everything has been entered.
///
///     shim                      stage                       child
///      ├── clone ──────────────▸ │
///      │                         ├ namespaces by path, with the host's rights
///      │                         ├ the clocks of a new time namespace
///      │                         ├ a user namespace by path, last
///      │                         ├── clone, CLONE_PARENT ───▸ │   makes the other new namespaces, as those of the user
///      │ ◂── number, pidfd ──────┤                            │   namespace; is a child of the shim
///      │                         ╵                            ├ awaitDaemon: the maps of ids are written from outside
///      │                                                      ├ root is attached while still the host's user
///      │                                                      ├ becomeRoot
///      │                                                      ╵ …
///
/// Without namespaces by path, clocks and a user namespace the shim clones the child itself.
struct Stage {
    let steps: [PlanStep]
    let range: Range<Int>

    enum Outcome {
        case child
        case parent(number: CInt, handle: CInt)
        /// `step` is -1 for the clone itself.
        case failed(step: Int, errno: CInt)
    }

    func clone(_ flags: UInt64, _ cgroup: CInt) -> Outcome {
        var pair: [CInt] = [-1, -1]
        guard gantry_message_pair(&pair) == 0 else { return .failed(step: -1, errno: gantry_errno()) }
        var unused: CInt = -1
        let process = gantry_clone3(0, &unused, UInt64(SIGCHLD), 0)
        if process < 0 { return .failed(step: -1, errno: gantry_errno()) }
        if process == 0 {
            close(pair[0])
            run(flags, cgroup, pair[1])
            close(pair[1])
            return .child
        }
        close(pair[1])
        defer { close(pair[0]) }
        var message = [UInt8](repeating: 0, count: 16)
        var descriptors = [CInt](repeating: -1, count: 16)
        var count = 0
        let length = gantry_receive_descriptors(pair[0], &message, message.count, &descriptors, &count)
        var status: CInt = 0
        waitpid(process, &status, 0)
        var reader = ByteReader(message)
        guard length == 8, let first = reader.number(Int32.self), let second = reader.number(Int32.self) else {
            return .failed(step: -1, errno: ECHILD)
        }
        return count == 1 ? .parent(number: first, handle: descriptors[0]) : .failed(step: Int(first), errno: second)
    }

    /// Comes back in the child only.
    private func run(_ flags: UInt64, _ cgroup: CInt, _ channel: CInt) {
        gantry_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0)
        var index = range.lowerBound
        do throws(Failure) {
            while index < range.upperBound {
                try Self.perform(steps[index])
                index += 1
            }
            index = -1
            var handle: CInt = -1
            // The signal at the end is the stage's own when the parent is shared.
            let number = try attempt { gantry_clone3(flags | UInt64(CLONE_PARENT), &handle, 0, cgroup < 0 ? 0 : UInt64(cgroup)) }
            if number == 0 { return }
            answer(number, 0, channel, [handle])
        } catch { answer(CInt(index), error.errno, channel, []) }
        _exit(0)
    }

    private func answer(_ first: CInt, _ second: CInt, _ channel: CInt, _ descriptors: [CInt]) {
        var message: [UInt8] = []
        PlanCoding.append(first, to: &message)
        PlanCoding.append(second, to: &message)
        // When this fails, the shim sees the end without a message and says so.
        _ = gantry_send_descriptors(channel, message, message.count, descriptors, descriptors.count)
    }

    static func perform(_ step: PlanStep) throws(Failure) {
        switch step.operation {
        case .enterProcessNamespace:
            let descriptor = try step.descriptor(0)
            try attempt { gantry_setns(descriptor, CLONE_NEWPID) }
        case .enterNamespace:
            let descriptor = try step.descriptor(0)
            let kind = CInt(bitPattern: try step.word(1))
            try attempt { gantry_setns(descriptor, kind) }
        case .timeOffsets:
            try attempt { gantry_unshare(CLONE_NEWTIME) }
            let content = try step.string(0)
            let file = Descriptor(
                try attempt { withC("/proc/self/timens_offsets") { gantry_openat(AT_FDCWD, $0, O_WRONLY | O_CLOEXEC, 0) } })
            let count = content.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) }
            if count != content.count { throw Failure.last }
        default: throw Failure(errno: EBADMSG)
        }
    }
}
