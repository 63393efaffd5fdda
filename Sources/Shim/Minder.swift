import CLinux

/// Minds one process until it has ended: its output goes to the log and to whoever is attached, their input goes to it.
///
/// One loop over `poll`; nothing in it blocks but writes to the log's disk.
final class Minder {
    let settings: Settings
    let processID: Int32
    /// pidfd of the process.
    let process: CInt
    let listener: CInt
    let childSignals: CInt
    var log: LogWriter?
    /// To the child until it is another program; -1 after.
    var channel: CInt
    /// Read ends of standard output and error; a terminal's master is the first. -1 at the end.
    var outputs: [CInt]
    /// Write end of standard input, -1 without one.
    var inputPipe: CInt
    /// The terminal's master or -1.
    var terminal: CInt = -1
    var clients: [Client] = []
    /// Standard input that the process has not taken yet.
    var input: [UInt8] = []
    var inputClosing = false
    var announced = false
    var held = false
    var started = false
    var failed = false
    var exited = false
    var terminalQuiet = false
    var exit = ExitReport(code: 0, signal: 0, outOfMemory: false, finishedAt: 0)
    var buffer = [UInt8](repeating: 0, count: 32768)

    static let inputLimit = 65536
    /// Milliseconds that clients have to take what is left after the end.
    private static let farewell: Int64 = 10_000

    init(
        settings: Settings, processID: Int32, process: CInt, listener: CInt, childSignals: CInt, log: LogWriter?, channel: CInt,
        outputs: [CInt], inputPipe: CInt
    ) {
        self.settings = settings
        self.processID = processID
        self.process = process
        self.listener = listener
        self.childSignals = childSignals
        self.log = log
        self.channel = channel
        self.outputs = outputs
        self.inputPipe = inputPipe
    }

    /// Returns when the process has ended and all its output is where it belongs, or when it could not be started.
    func run() {
        while !(exited && channel < 0) && !failed {
            turn()
            // From now on the process is a child of whoever adopts the shim's orphans.
            if started && settings.leaves {
                for client in clients { flushAndClose(client) }
                return
            }
        }
        if failed {
            if !exited { gantry_pidfd_send_signal(process, SIGKILL) }
            for client in clients { flushAndClose(client) }
            return
        }
        drain()
        log?.finish()
        writeExitRecord()
        sayFarewell()
    }

    // MARK: One turn of the loop

    private func turn() {
        var polled: [pollfd] = []
        func add(_ descriptor: CInt, _ events: Int32) { polled.append(pollfd(fd: descriptor, events: Int16(events), revents: 0)) }
        add(childSignals, POLLIN)
        add(listener, POLLIN)
        add(channel, POLLIN)
        let slow = clients.contains { $0.isSlow }
        for output in outputs { add(slow || (settings.terminal && terminalQuiet) ? -1 : output, POLLIN) }
        add(input.isEmpty ? -1 : (settings.terminal ? terminal : inputPipe), POLLOUT)
        let first = polled.count
        for client in clients {
            let reads = !client.inputEnded && input.count < Self.inputLimit
            // While its input has no room, a client's hang-up must wait too: what it sent before is still to be read.
            let waits = !reads && client.pending == 0 && !client.inputEnded
            add(waits ? -1 : client.socket, (reads ? POLLIN : 0) | (client.pending > 0 ? POLLOUT : 0))
        }
        let count = poll(&polled, nfds_t(polled.count), timeout(slow))
        if count == 0 { log?.flush() }
        if count < 0 { return }
        terminalQuiet = false
        if polled[2].revents != 0 { readChannel() }
        for output in 0..<outputs.count where polled[3 + output].revents != 0 { _ = read(output: output) }
        if polled[3 + outputs.count].revents != 0 { writeInput() }
        serve(polled[first...])
        if polled[1].revents != 0 { accept() }
        if polled[0].revents != 0 { reap() }
        writeInput()
        let now = Clock.milliseconds()
        for client in clients { client.giveUpIfStuck(now) }
        for client in clients where client.isGone { leave(client) }
        clients.removeAll { $0.isGone }
    }

    /// Soon when the log has something to be written or a client is slow or the terminal is asked again; else never.
    private func timeout(_ slow: Bool) -> CInt {
        if let log, !log.isIdle { return 5 }
        if settings.terminal && terminalQuiet { return 50 }
        return slow ? 1000 : -1
    }

    private func serve(_ polled: ArraySlice<pollfd>) {
        var index = 0
        for entry in polled {
            let client = clients[index]
            index += 1
            if Int32(entry.revents) & POLLOUT != 0 { client.write() }
            if Int32(entry.revents) & POLLIN != 0 { read(client) } else if !client.incoming.isEmpty { parse(client) }
            let reads = Int32(entry.events) & POLLIN != 0 && !client.inputEnded
            if Int32(entry.revents) & (POLLHUP | POLLERR) != 0 && !reads { client.isGone = true }
        }
    }

    // MARK: The end

    /// Takes what the outputs still hold. Processes that live on (of an exec, or in the host's pid namespace) may keep them open,
    /// so this ends when nothing is there rather than at the end of the stream.
    private func drain() {
        for output in 0..<outputs.count {
            while read(output: output) {
                for client in clients where client.isSlow { waitFor(client, until: Clock.milliseconds() + Client.patience) }
            }
        }
    }

    private func waitFor(_ client: Client, until end: Int64) {
        while client.isSlow && !client.isGone {
            let left = end - Clock.milliseconds()
            var entry = pollfd(fd: client.socket, events: Int16(POLLOUT), revents: 0)
            if left <= 0 || poll(&entry, 1, CInt(left)) == 0 { client.isGone = true } else { client.write() }
        }
    }

    /// The file `exit` appears whole or not at all.
    private func writeExitRecord() {
        let content = exit.encode()
        let file = withC("exit.new") { gantry_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600) }
        if file < 0 { return }
        let count = content.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
        if count == content.count { _ = withC("exit.new") { from in withC("exit") { rename(from, $0) } } }
    }

    private func sayFarewell() {
        // Whoever connected last gets the answer too.
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 0) > 0 && entry.revents != 0 { accept() }
        for client in clients {
            client.send(.exited, exit.encode())
            flushAndClose(client)
        }
    }

    private func flushAndClose(_ client: Client) {
        let end = Clock.milliseconds() + Self.farewell
        while client.pending > 0 && !client.isGone {
            let left = end - Clock.milliseconds()
            var entry = pollfd(fd: client.socket, events: Int16(POLLOUT), revents: 0)
            if left <= 0 || poll(&entry, 1, CInt(left)) == 0 { return }
            client.write()
        }
        gantry_end_sending(client.socket)
    }
}
