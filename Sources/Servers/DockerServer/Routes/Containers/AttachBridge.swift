internal import DockerAPI
internal import Engine
internal import Essentials

/// Ties a session of the engine to a hijacked connection.
enum AttachBridge {
    static func reply(_ session: any AttachSession, version: APIVersion, stdin: Bool, sendsHeaders: Bool) -> Reply {
        let hijack = Hijack(
            contentType: StreamType.name(terminal: session.terminal, version: version), sendsHeaders: sendsHeaders
        ) { connection in
            do {
                try await run(session, on: connection, stdin: stdin)
            } catch {
                await session.close()
                throw error
            }
            await session.close()
        }
        return Reply(status: 200, body: .hijack(hijack))
    }

    /// A failure that came after clients were promised a stream is told in it.
    static func told(_ error: any Error, terminal: Bool, version: APIVersion) -> Reply {
        let text = Array((ErrorMapping.message(error) + "\r\n").utf8)
        let bytes = terminal ? text : MultiplexedFrame(.stdout, text).encoded
        let hijack = Hijack(contentType: StreamType.name(terminal: terminal, version: version), sendsHeaders: true) { connection in
            try await connection.write(bytes)
        }
        return Reply(status: 200, body: .hijack(hijack))
    }

    /// Docker answers a failed attach in plain text.
    static func failure(_ error: any Error) -> Reply {
        Reply(
            status: ErrorMapping.status(error), headers: [("Content-Type", StreamType.raw)],
            body: .whole(Array((ErrorMapping.message(error) + "\r\n").utf8)))
    }

    /// Until the output ends. The end of the input ends nothing but the input.
    private static func run(_ session: any AttachSession, on connection: RawConnection, stdin: Bool) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                while let chunk = try await session.next() {
                    guard !chunk.bytes.isEmpty else { continue }
                    let frame = MultiplexedFrame(chunk.kind == .stderr ? .stderr : .stdout, chunk.bytes)
                    try await connection.write(session.terminal ? chunk.bytes : frame.encoded)
                }
                return true
            }
            if stdin {
                group.addTask {
                    do {
                        while let bytes = try await connection.read() { try await session.write(bytes) }
                        try await session.closeInput()
                    } catch let error as GantryError {
                        // Nobody takes the input any more: no reason to lose the output.
                        throw InputFailure(cause: error)
                    }
                    return false
                }
            }
            defer { group.cancelAll() }
            while let outcome = await group.nextResult() {
                switch outcome {
                case .success(true): return
                case .success(false): continue
                case .failure(let error):
                    if error is InputFailure { continue }
                    throw error
                }
            }
        }
    }

    private struct InputFailure: Error {
        let cause: GantryError
    }
}
