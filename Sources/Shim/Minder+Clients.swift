import CLinux

extension Minder {
    func accept() {
        let socket = gantry_accept(listener)
        if socket < 0 { return }
        let client = Client(socket: socket)
        clients.append(client)
        // It may be the daemon, come only now.
        if hasRotated { client.send(.logRotated) }
    }

    func read(_ client: Client) {
        if !client.read() {
            client.inputEnded = true
            if client.attached & AttachFlags.stdin != 0 { inputEnded(client) }
            // Half-closed: it may still want output. A whole close shows when writing, or by the hang-up that poll reports.
        }
        parse(client)
    }

    /// Performs whole frames; what is incomplete stays. Stops while the standard input that it sends is full.
    func parse(_ client: Client) {
        var start = 0
        defer { if start > 0 { client.incoming.removeFirst(start) } }
        while !client.isGone && hasRoom(for: client) {
            switch Frame.header(client.incoming[start...]) {
            case .incomplete: return
            case .malformed:
                client.isGone = true
                return
            case .frame(let kind, let length):
                guard client.incoming.count - start >= Frame.headerSize + length else { return }
                let payload = Array(client.incoming[(start + Frame.headerSize)..<(start + Frame.headerSize + length)])
                start += Frame.headerSize + length
                perform(kind, payload, client)
            }
        }
    }

    private func perform(_ kind: FrameKind, _ payload: [UInt8], _ client: Client) {
        var reader = ByteReader(payload)
        switch kind {
        case .signal:
            guard let number = reader.number(Int32.self) else { return client.isGone = true }
            answer(client, gantry_pidfd_send_signal(process, number))
        case .resize:
            guard let columns = reader.number(UInt16.self), let rows = reader.number(UInt16.self) else {
                return client.isGone = true
            }
            if terminal < 0 {
                gantry_set_errno(ENOTTY)
                answer(client, -1)
            } else {
                answer(client, gantry_set_window(terminal, columns, rows))
            }
        case .stdin:
            if client.attached & AttachFlags.stdin != 0 && !inputClosing { input += payload }
        case .closeStdin:
            client.inputEnded = true
            inputEnded(client)
        case .attach:
            guard let flags = reader.number(UInt8.self) else { return client.isGone = true }
            client.attached = flags
            client.isPartOfPipeline = !started && flags & (AttachFlags.stdout | AttachFlags.stderr) != 0
            answer(client, 0)
        case .release: release(client)
        default: client.isGone = true
        }
    }

    private func answer(_ client: Client, _ result: CInt) {
        var payload: [UInt8] = []
        PlanCoding.append(result < 0 ? gantry_errno() : 0, to: &payload)
        client.send(.done, payload)
    }

    private func release(_ client: Client) {
        guard held else {
            gantry_set_errno(EALREADY)
            return answer(client, -1)
        }
        held = false
        client.awaitsRelease = true
        if let runtime { return releaseWithRuntime(runtime) }
        let message: [UInt8] = [1]
        _ = gantry_send(channel, message, 1, 1)
    }

    /// Whoever could send input and is gone will not send its end.
    func leave(_ client: Client) {
        if client.attached & AttachFlags.stdin != 0 { inputEnded(client) }
    }

    /// The side of `client` that sends input is at its end. A terminal stays open: its end is a key, not a close.
    private func inputEnded(_ client: Client) {
        if settings.stdinOnce && !settings.terminal { inputClosing = true }
    }
}
