import CLinux

/// What is different when another runtime makes the process. While one of its commands runs, the shim waits for it alone: what the
/// container writes meanwhile stays in the pipes.
extension Minder {
    /// Has the container made, and lets its program run unless that is to be held back.
    func makeWithRuntime() throws(Failure) {
        guard let runtime else { return }
        if !runtime.create.isEmpty { try perform(runtime.create, runtime) }
        if runtime.holds {
            held = true
            return tellDaemon(StartReport(.held, processID: processID))
        }
        try perform(runtime.start, runtime)
        settle(nil)
    }

    /// Lets a program run that was held back.
    func releaseWithRuntime(_ runtime: OtherRuntime) {
        do throws(Failure) {
            try perform(runtime.start, runtime)
            settle(nil)
        } catch {
            settle(StartReport(.failed, processID: processID, step: runtime.step, errno: error.errno, detail: error.detail))
        }
    }

    /// Runs a command, and takes over the process if it was that command that made it.
    private func perform(_ command: [[UInt8]], _ runtime: OtherRuntime) throws(Failure) {
        if processID != 0 { return try runtime.run(command, []) }
        let console = settings.terminal ? try attempt { withC("console.sock") { gantry_listen_unix($0) } } : -1
        defer {
            if console >= 0 {
                close(console)
                _ = withC("console.sock") { unlink($0) }
            }
            for descriptor in streamsOfRuntime { close(descriptor) }
            streamsOfRuntime = []
        }
        try runtime.run(command, streamsOfRuntime + runtime.handed)
        if console >= 0 { try takeTerminal(console, runtime) }
        let number = try ProcessNumber.ofRuntime()
        // It is a child of ours by now and is collected only later, so the number cannot be another's.
        process = try attempt { gantry_pidfd_open(number, 0) }
        processID = number
        ProcessNumber.keep(number)
    }

    /// The master of the terminal, which the runtime has sent before it ended.
    private func takeTerminal(_ console: CInt, _ runtime: OtherRuntime) throws(Failure) {
        let connection = Descriptor(try attempt { gantry_accept(console) })
        var message = [UInt8](repeating: 0, count: 4096)
        var descriptors = [CInt](repeating: -1, count: 16)
        var count = 0
        let length = gantry_receive_descriptors(connection.raw, &message, message.count, &descriptors, &count)
        guard length >= 0 else { throw Failure.last }
        guard count == 1 else { throw Failure(errno: EBADMSG) }
        terminal = descriptors[0]
        _ = gantry_fcntl(terminal, F_SETFL, Int(O_NONBLOCK) | Int(O_RDWR))
        outputs[0] = terminal
        if runtime.columns > 0 || runtime.rows > 0 { gantry_set_window(terminal, runtime.columns, runtime.rows) }
    }
}
