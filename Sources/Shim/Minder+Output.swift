import CLinux

extension Minder {
    /// Bytes read from one output before others have their turn.
    private static let turnLimit = 512 << 10
    /// Milliseconds within which further output counts as a flood, and for which a flood is then left to gather in the pipe.
    private static let floodInterval: Int64 = 4
    static let nap: CInt = 2

    /// Reads what an output holds, but not for ever.
    func take(output: Int) {
        var taken = 0
        while taken < Self.turnLimit && !isHeldUp {
            let count = read(output: output)
            if count <= 0 { break }
            taken += count
        }
        guard taken > 0 && settings.hasLargePipes else { return }
        let now = Clock.milliseconds()
        // Each line by itself would wake us, and slow down the container that has to wake us. Whoever looks on gets them at once.
        napsNext = now - lastOutput <= Self.floodInterval && !clients.contains { $0.attached != 0 }
        lastOutput = now
    }

    /// Nothing may be read from the container now.
    var isHeldUp: Bool { log?.isFull == true || clients.contains { $0.isSlow } }

    /// Reads once from an output of the container and hands it to the log and the clients.
    /// - Returns: how many bytes; 0 when nothing is to be had now.
    func read(output: Int) -> Int {
        let descriptor = outputs[output]
        if descriptor < 0 { return 0 }
        let count = CLinux.read(descriptor, buffer, Self.bufferSize)
        if count > 0 {
            let content = UnsafeBufferPointer(start: buffer, count: count)
            log?.add(content, isError: output == 1)
            let flag = output == 1 ? AttachFlags.stderr : AttachFlags.stdout
            for client in clients where client.attached & flag != 0 { client.send(output == 1 ? .stderr : .stdout, content) }
            return count
        }
        if count < 0 && gantry_errno() == EINTR { return read(output: output) }
        if count < 0 && gantry_errno() == EAGAIN { return 0 }
        // The end of a pipe; EIO of a terminal whose other side nobody has open. The program of a terminal may open it again.
        if settings.terminal && count < 0 && !exited {
            terminalQuiet = true
            return 0
        }
        if !settings.terminal { close(descriptor) }
        outputs[output] = -1
        return 0
    }

    /// Writes pending standard input.
    func writeInput() {
        let descriptor = settings.terminal ? terminal : inputPipe
        while !input.isEmpty && descriptor >= 0 {
            let count = input.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                input.removeFirst(count)
            } else if gantry_errno() == EINTR {
                continue
            } else {
                if gantry_errno() == EAGAIN { break }
                // Nobody reads any more.
                input.removeAll()
                inputClosing = true
            }
        }
        if descriptor < 0 { input.removeAll() }
        if input.isEmpty && inputClosing && inputPipe >= 0 {
            close(inputPipe)
            inputPipe = -1
        }
    }

    /// Tells whoever is not attached, the daemon among them, of something that concerns all.
    func tellOthers(_ kind: FrameKind) {
        for client in clients where client.attached == 0 && !client.isGone { client.send(kind) }
    }
}
