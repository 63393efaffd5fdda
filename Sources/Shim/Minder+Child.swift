import CLinux

extension Minder {
    /// A message of the child's, or the end of its channel: execve has worked (or the child died, which reaping shows).
    func readChannel() {
        var message = [UInt8](repeating: 0, count: 64)
        var descriptors: [CInt] = [CInt](repeating: -1, count: 16)
        var count = 0
        let length = gantry_receive_descriptors(channel, &message, message.count, &descriptors, &count)
        if length < 0 && (gantry_errno() == EINTR || gantry_errno() == EAGAIN) { return }
        if length == 1 && count == 1 && message[0] == ChildMessage.terminal {
            terminal = descriptors[0]
            _ = gantry_fcntl(terminal, F_SETFL, Int(O_NONBLOCK) | Int(O_RDWR))
            outputs[0] = terminal
        } else if length == 1 && message[0] == ChildMessage.held {
            held = true
            tellDaemon(StartReport(.held, processID: processID))
        } else if length == 1 && message[0] == ChildMessage.announced {
            announced = true
        } else if length == 5 && message[0] == ChildMessage.awaitsDaemon {
            relayToDaemon(Array(message[1..<5]))
        } else {
            close(channel)
            channel = -1
            let failure = length == StartReport.size ? StartReport(Array(message[..<length])) : nil
            settle(failure)
        }
    }

    /// The child is at a step that the daemon has a part in. Nothing else can happen to it meanwhile, so the shim waits too;
    /// when the daemon goes away instead of answering, the child ends.
    private func relayToDaemon(_ step: [UInt8]) {
        var reader = ByteReader(step)
        tellDaemon(StartReport(.awaitsDaemon, processID: processID, step: reader.number(UInt32.self) ?? 0))
        var answer: [UInt8] = [0]
        if gantry_receive(reportDescriptor, &answer, 1, 1) == 1 {
            _ = gantry_send(channel, answer, 1, 1)
        } else {
            gantry_pidfd_send_signal(process, SIGKILL)
        }
    }

    /// The start has worked or failed.
    func settle(_ failure: StartReport?) {
        var report = failure ?? StartReport(.started, processID: processID)
        report.processID = processID
        if failure == nil && !announced {
            // Killed before it became the program: by the kernel for memory, or by someone's signal.
            report = StartReport(.failed, processID: processID, step: UInt32.max, errno: ECHILD)
        }
        started = report.outcome == .started
        failed = !started
        tellDaemon(report)
        for client in clients where client.awaitsRelease {
            client.awaitsRelease = false
            if started { client.send(.done, [0, 0, 0, 0]) } else { client.send(.report, report.encode()) }
        }
        close(reportDescriptor)
    }

    func tellDaemon(_ report: StartReport) {
        let bytes = report.encode()
        _ = bytes.withUnsafeBytes { gantry_send(reportDescriptor, $0.baseAddress, $0.count, 1) }
    }

    /// Collects every child that ended: the container's orphans come to the shim too.
    func reap() {
        var drained = [UInt8](repeating: 0, count: 128 * 4)
        _ = drained.withUnsafeMutableBytes { CLinux.read(childSignals, $0.baseAddress, $0.count) }
        // How a process ends that is left alone is for whoever adopts it to learn; its start shows in the channel.
        if settings.leaves { return }
        while true {
            var status: CInt = 0
            let process = waitpid(-1, &status, WNOHANG)
            if process <= 0 { return }
            if process == processID { ended(status) }
        }
    }

    private func ended(_ status: CInt) {
        exited = true
        exit = ExitReport(code: 0, signal: 0, outOfMemory: wasOutOfMemory(), finishedAt: Clock.realtime())
        if gantry_wifsignaled(status) != 0 {
            exit.signal = gantry_wtermsig(status)
            exit.code = 128 + exit.signal
        } else {
            exit.code = gantry_wexitstatus(status)
        }
    }

    /// Reads `oom_kill N` from the cgroup's file: memory.events (v2) and memory.oom_control (v1) have the same line.
    private func wasOutOfMemory() -> Bool {
        guard !settings.outOfMemoryFile.isEmpty else { return false }
        let file = withC(settings.outOfMemoryFile) { gantry_openat(AT_FDCWD, $0, O_RDONLY | O_CLOEXEC, 0) }
        if file < 0 { return false }
        let descriptor = Descriptor(file)
        var content = [UInt8](repeating: 0, count: 512)
        let count = content.withUnsafeMutableBytes { CLinux.read(descriptor.raw, $0.baseAddress, $0.count) }
        let wanted = bytes("oom_kill ")
        for line in content[..<max(0, count)].split(separator: 10) where line.starts(with: wanted) {
            return line.dropFirst(wanted.count).contains { $0 >= 49 && $0 <= 57 }
        }
        return false
    }
}
