import CLinux

/// What is done after the process has ended.
extension Minder {
    /// Milliseconds without progress after which an onlooker does not get the rest.
    private static let farewell: Int64 = 10_000
    /// Bytes taken from each output at most: what a pipe can hold, twice.
    private static let drainLimit = 2 << 20

    /// Takes what the outputs still hold, without waiting for clients: the log and the end of the container are not theirs to delay.
    /// Processes that live on (of an exec, or in the host's pid namespace) may keep the outputs open, so this ends when nothing is
    /// there rather than at the end of the stream.
    func drain() {
        for output in 0..<outputs.count {
            var taken = 0
            while taken < Self.drainLimit {
                let count = read(output: output)
                if count <= 0 { break }
                taken += count
            }
        }
    }

    /// The file `exit` appears whole or not at all.
    func writeExitRecord() {
        let content = exit.encode()
        let file = withC("exit.new") { gantry_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600) }
        if file < 0 { return }
        let count = content.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
        if count == content.count { _ = withC("exit.new") { from in withC("exit") { rename(from, $0) } } }
    }

    /// Tells everybody, and stays until those who are part of a pipeline have taken all.
    func sayFarewell() {
        // Whoever connected last gets the answer too.
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 0) > 0 && entry.revents != 0 { accept() }
        // Should somebody's reading take long, others learn from the exit record that all is over.
        close(listener)
        for client in clients { client.send(.exited, exit.encode()) }
        flushAll()
    }

    func flushAll() {
        let begin = Clock.milliseconds()
        while true {
            let now = Clock.milliseconds()
            clients.removeAll { client in
                let isOver = client.isGone || client.pending == 0
                let isGivenUp = !client.isPartOfPipeline && now - max(begin, client.lastProgress) > Self.farewell
                if isOver && !client.isGone { gantry_end_sending(client.socket) }
                return isOver || isGivenUp
            }
            if clients.isEmpty { return }
            var polled: [pollfd] = []
            for client in clients { polled.append(pollfd(fd: client.socket, events: Int16(POLLOUT), revents: 0)) }
            _ = poll(&polled, nfds_t(polled.count), 1000)
            for index in 0..<polled.count where polled[index].revents != 0 {
                if Int32(polled[index].revents) & (POLLHUP | POLLERR) != 0 {
                    clients[index].isGone = true
                } else {
                    clients[index].write()
                }
            }
        }
    }
}
