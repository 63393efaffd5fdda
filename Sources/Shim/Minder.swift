import CLinux

/// Minds one process until it has ended: its output goes to the log and to whoever is attached, their input goes to it.
///
/// One loop over `poll`; nothing in it blocks but writes to the log's disk.
final class Minder {
    let settings: Settings
    /// 0 while another runtime has yet to make the process.
    var processID: Int32
    /// pidfd of the process, or -1.
    var process: CInt
    let listener: CInt
    let childSignals: CInt
    let log: OutputLog?
    /// To the child until it is another program; -1 after.
    var channel: CInt
    /// Read ends of standard output and error; a terminal's master is the first. -1 at the end.
    var outputs: [CInt]
    /// Write end of standard input, -1 without one.
    var inputPipe: CInt
    /// The terminal's master or -1.
    var terminal: CInt = -1
    var clients: [Client] = []
    /// Makes the process in the place of a child of ours; nil for most.
    var runtime: OtherRuntime?
    /// What its command gets as 0, 1 and 2, closed here after.
    var streamsOfRuntime: [CInt] = []
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
    /// What is read from an output; as large as a frame may be.
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: bufferSize)
    static let bufferSize = 65536
    /// When output came last, in milliseconds of the clock.
    var lastOutput: Int64 = 0
    /// Output comes so fast that it is left to gather for a moment.
    var napsNext = false
    /// The log has been rotated at least once.
    var hasRotated = false

    static let inputLimit = 65536

    init(
        settings: Settings, processID: Int32, process: CInt, listener: CInt, childSignals: CInt, log: OutputLog?, channel: CInt,
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
            // From now on the process is a child of whoever adopts the shim's orphans.
            if started && settings.leaves { return flushAll() }
            turn()
        }
        if failed {
            if !exited { gantry_pidfd_send_signal(process, SIGKILL) }
            return flushAll()
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
        let naps = napsNext
        napsNext = false
        let waits = isHeldUp || naps || (settings.terminal && terminalQuiet)
        add(childSignals, POLLIN)
        add(listener, POLLIN)
        add(channel, POLLIN)
        add(log?.forwarder.flatMap { $0.isPending ? $0.socket : nil } ?? -1, POLLOUT)
        add(log?.helper?.socket ?? -1, POLLIN | (log?.helper?.isPending == true ? POLLOUT : 0))
        add(input.isEmpty ? -1 : (settings.terminal ? terminal : inputPipe), POLLOUT)
        let firstOutput = polled.count
        for output in outputs { add(waits ? -1 : output, POLLIN) }
        let firstClient = polled.count
        for client in clients {
            let reads = !client.inputEnded && hasRoom(for: client)
            // While its input has no room, a client's hang-up must wait too: what it sent before is still to be read.
            let isLater = !reads && client.pending == 0 && !client.inputEnded
            add(isLater ? -1 : client.socket, (reads ? POLLIN : 0) | (client.pending > 0 ? POLLOUT : 0))
        }
        let count = poll(&polled, nfds_t(polled.count), timeout(naps: naps))
        if count < 0 { return }
        terminalQuiet = false
        if polled[2].revents != 0 { readChannel() }
        if polled[3].revents != 0 || log?.forwarder?.waitsForService == true { log?.forwarder?.send() }
        if polled[4].revents != 0 { log?.hearHelper() }
        for output in 0..<outputs.count where polled[firstOutput + output].revents != 0 { take(output: output) }
        // What is kept is on its way to the disk before anything else is waited for.
        log?.flush()
        if log?.takeRotation() == true {
            hasRotated = true
            tellOthers(.logRotated)
        }
        if polled[5].revents != 0 { writeInput() }
        serve(polled[firstClient...])
        if polled[1].revents != 0 { accept() }
        if polled[0].revents != 0 { reap() }
        writeInput()
        removeGone()
    }

    /// Only who sends standard input waits for room in it: the release of a program that has not begun to read must get through.
    func hasRoom(for client: Client) -> Bool { input.count < Self.inputLimit || client.attached & AttachFlags.stdin == 0 }

    private func removeGone() {
        if clients.isEmpty { return }
        let now = Clock.milliseconds()
        for client in clients { client.giveUpIfStuck(now) }
        for client in clients where client.isGone { leave(client) }
        if clients.contains(where: { $0.wasDropped }) { tellOthers(.clientDropped) }
        clients.removeAll { $0.isGone }
    }

    /// Milliseconds; for ever when only descriptors can bring something new.
    private func timeout(naps: Bool) -> CInt {
        if naps { return Self.nap }
        if settings.terminal && terminalQuiet { return 50 }
        return log?.forwarder?.waitsForService == true || clients.contains { $0.isSlow } ? 250 : -1
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
}
