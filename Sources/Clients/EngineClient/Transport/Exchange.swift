import Glibc
import NIOCore

/// One request and its answer on a connection of their own.
actor Exchange {
    private let connection: Connection
    private var pending: ArraySlice<UInt8> = []
    private var decoder: BodyDecoder?
    private var isHijacked = false
    /// Sends a streamed body while the answer is read; cancelled when the exchange goes.
    private let sender: Task<Void, any Error>?

    private init(_ connection: Connection, sender: Task<Void, any Error>?) {
        self.connection = connection
        self.sender = sender
    }

    deinit {
        sender?.cancel()
        if !isHijacked { connection.close() }
    }

    /// Sends `head` and `body`; a streamed body goes on being sent after this returns.
    static func start(_ connection: Connection, head: String, body: EngineRequest.Body) async throws -> Exchange {
        var buffer = ByteBuffer(string: head)
        switch body {
        case .none:
            try await connection.write(buffer)
            return Exchange(connection, sender: nil)
        case .bytes(let bytes, _):
            buffer.writeBytes(bytes)
            try await connection.write(buffer)
            return Exchange(connection, sender: nil)
        case .stream(let chunks, _):
            try await connection.write(buffer)
            return Exchange(connection, sender: Task { try await send(chunks, to: connection) })
        }
    }

    private static func send(_ chunks: any AsyncSequence<[UInt8], any Error> & Sendable, to connection: Connection) async throws {
        do {
            for try await chunk in chunks where !chunk.isEmpty {
                var buffer = ByteBuffer(string: String(chunk.count, radix: 16) + "\r\n")
                buffer.writeBytes(chunk)
                buffer.writeStaticString("\r\n")
                try await connection.write(buffer)
            }
            try await connection.write(ByteBuffer(string: "0\r\n\r\n"))
        } catch is ChannelError {
            // The daemon answered early and closed: its answer says why.
        } catch let error as IOError where error.errnoCode == EPIPE || error.errnoCode == ECONNRESET {
            // The same, seen one system call later.
        } catch {
            // The source failed: without its end the daemon must not take the body for complete.
            connection.close()
            throw error
        }
    }

    /// The final head of the answer (interim ones are skipped).
    func head(bodiless: Bool) async throws -> ResponseHead {
        while true {
            let end = try await readUntilEmptyLine()
            guard let head = ResponseHead(pending[..<end]) else { throw BodyDecoder.Malformed(description: "malformed answer") }
            pending = pending[end...]
            if head.status >= 200 || head.status == 101 {
                decoder = head.status == 101 ? nil : try BodyDecoder(head, bodiless: bodiless)
                return head
            }
        }
    }

    private func readUntilEmptyLine() async throws -> Int {
        while true {
            if let end = Self.endOfHead(pending) { return end }
            guard pending.count < 262_144 else { throw BodyDecoder.Malformed(description: "head of the answer too long") }
            guard let more = try await connection.read() else {
                if let sender { try await sender.value }
                throw BodyDecoder.Malformed(description: "the daemon closed the connection without an answer")
            }
            pending += more.readableBytesView
        }
    }

    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        var index = bytes.startIndex
        while let newline = bytes[index...].firstIndex(of: 10) {
            let next = newline + 1
            if next < bytes.endIndex, bytes[next] == 10 { return next + 1 }
            if next + 1 < bytes.endIndex, bytes[next] == 13, bytes[next + 1] == 10 { return next + 2 }
            index = next
        }
        return nil
    }

    /// The next bytes of the body; nil at its end.
    func next() async throws -> [UInt8]? {
        guard var decoder else { return nil }
        defer { self.decoder = decoder }
        while true {
            if !pending.isEmpty {
                let input = pending
                pending = []
                let output = try decoder.feed(input)
                if !output.isEmpty { return output }
            }
            if decoder.isDone {
                if sender == nil { connection.close() }
                return nil
            }
            guard let more = try await connection.read() else {
                try decoder.end()
                continue
            }
            pending = ArraySlice(more.readableBytesView)
        }
    }

    /// After the head of a hijacked answer: the raw connection, with the bytes that came along with the head.
    func hijack() -> (Connection, leftover: [UInt8]) {
        isHijacked = true
        let leftover = Array(pending)
        pending = []
        return (connection, leftover)
    }
}
