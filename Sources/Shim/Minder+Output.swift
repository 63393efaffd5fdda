import CLinux

extension Minder {
    /// Reads once from an output of the container and hands it to the log and the clients.
    /// - Returns: false when nothing more is to be had now or ever.
    func read(output: Int) -> Bool {
        let descriptor = outputs[output]
        if descriptor < 0 { return false }
        let count = buffer.withUnsafeMutableBytes { CLinux.read(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            let content = buffer[..<count]
            log?.add(content, isError: output == 1)
            let flag = output == 1 ? AttachFlags.stderr : AttachFlags.stdout
            for client in clients where client.attached & flag != 0 { client.send(output == 1 ? .stderr : .stdout, Array(content)) }
            return true
        }
        if count < 0 && (gantry_errno() == EINTR || gantry_errno() == EAGAIN) { return gantry_errno() == EINTR }
        // The end of a pipe; EIO of a terminal whose other side nobody has open. The program of a terminal may open it again.
        if settings.terminal && count < 0 && !exited {
            terminalQuiet = true
            return false
        }
        if !settings.terminal { close(descriptor) }
        outputs[output] = -1
        return false
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
}
