internal import Engine
internal import Essentials

/// Ties a session of the engine to a web socket: raw bytes in binary messages, never multiplexed. Source: Engine API 1.51,
/// ContainerAttachWebsocket.
enum WebSocketBridge {
    static func reply(_ session: any AttachSession, head: ResponseHead, stdin: Bool) -> Reply {
        var hijack = Hijack(contentType: StreamType.raw, sendsHeaders: false) { connection in
            let status = await run(session, on: connection, stdin: stdin)
            // Fails when the client is gone, who needs no farewell.
            try? await connection.write(WebSocketFrame.close(status))
        }
        hijack.head = head
        return Reply(status: 101, body: .hijack(hijack))
    }

    private enum Side: Sendable { case output, client }

    /// Until the output ends, or the client does.
    /// - Returns: the status of the close.
    private static func run(_ session: any AttachSession, on connection: RawConnection, stdin: Bool) async -> UInt16 {
        await withTaskGroup(of: (Side, UInt16).self) { group in
            group.addTask { (.output, await send(session, to: connection)) }
            group.addTask { (.client, await receive(from: connection, session, stdin: stdin)) }
            let (side, status) = await group.next() ?? (.output, 1000)
            // The output ends with the session. It is not cancelled: that would close the connection, over which the close is told.
            await session.close()
            if side == .client { _ = await group.next() }
            group.cancelAll()
            return status
        }
    }

    private static func send(_ session: any AttachSession, to connection: RawConnection) async -> UInt16 {
        do {
            while let chunk = try await session.next() {
                if !chunk.bytes.isEmpty { try await connection.write(WebSocketFrame.binary(chunk.bytes)) }
            }
            return 1000
        } catch {
            // 1011: the server met a condition that it did not expect.
            return 1011
        }
    }

    private static func receive(from connection: RawConnection, _ session: any AttachSession, stdin: Bool) async -> UInt16 {
        var decoder = WebSocketDecoder()
        do {
            while let bytes = try await connection.read() {
                for event in try decoder.feed(bytes) {
                    switch event {
                    case .data(let input): if stdin { try await session.write(input) }
                    case .ping(let payload): try await connection.write(WebSocketFrame.pong(payload))
                    case .close:
                        if stdin { try await session.closeInput() }
                        return 1000
                    }
                }
            }
            if stdin { try await session.closeInput() }
            return 1000
        } catch {
            return error is WebSocketDecoder.Malformed ? 1002 : 1011
        }
    }
}
