import DockerAPI
import EngineClient
import Essentials

/// Joins our standard streams to those of a container or exec.
struct StreamRelay: Sendable {
    enum End: Sendable, Equatable { case finished, detached }

    var connection: HijackedConnection
    /// It has a terminal: output is one raw stream, and the escape keys count.
    var terminal: Bool
    /// Send our standard input.
    var sendsInput: Bool
    var escapeKeys: EscapeKeys
    var console: Console

    /// Runs until the container's output ends or the escape keys were pressed.
    func run() async throws -> End {
        try await withThrowingTaskGroup(of: End?.self) { group in
            group.addTask { try await receive() }
            if sendsInput { group.addTask { try await send() } }
            defer {
                connection.close()
                group.cancelAll()
            }
            while let end = try await group.next() {
                if let end { return end }
            }
            return .finished
        }
    }

    private func receive() async throws -> End? {
        var decoder = MultiplexedFrameDecoder()
        do {
            while let bytes = try await connection.read() {
                if terminal {
                    console.write(bytes)
                } else {
                    show(try decoder.feedMerging(bytes))
                }
            }
        } catch let error as MultiplexedFrameDecoder.Malformed {
            throw GantryError(.internal, "cannot read the output of the container", cause: error)
        }
        return .finished
    }

    private func show(_ frames: [MultiplexedFrame]) {
        for frame in frames {
            switch frame.kind {
            case .stdin, .stdout: console.write(frame.bytes)
            case .stderr: console.writeError(frame.bytes)
            case .systemError: console.printError("error from daemon in stream: \(String(decoding: frame.bytes, as: UTF8.self))")
            }
        }
    }

    /// - Returns: `detached` after the escape keys; nil at the end of the input, which does not end the relay.
    private func send() async throws -> End? {
        var keys = escapeKeys
        do {
            for try await bytes in try InputStream.standard().body {
                guard terminal else {
                    try await connection.write(bytes)
                    continue
                }
                guard let rest = keys.filter(bytes) else { return .detached }
                if !rest.isEmpty { try await connection.write(rest) }
            }
            try await connection.closeWrite()
        } catch let error as GantryError where error.kind == .unavailable {
            // The container went while we were typing: the end of its output tells.
        } catch is CancellationError {
            // The output ended first.
        }
        return nil
    }
}
