import DockerAPI
import Essentials

/// The daemon's answer: its head, and the body as it arrives.
package struct EngineResponse: Sendable {
    package let head: ResponseHead
    package let body: ResponseBody

    package var status: Int { head.status }

    /// The whole body.
    /// - Throws: ``GantryError`` when it is longer than `limit` bytes.
    package func bytes(limit: Int = 256 << 20) async throws -> [UInt8] {
        var result: [UInt8] = []
        for try await piece in body {
            result += piece
            guard result.count <= limit else { throw GantryError.invalid("the daemon's answer is longer than \(limit) bytes") }
        }
        return result
    }

    /// The body as one JSON value.
    package func json<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let bytes = try await bytes()
        do { return try EngineJSON.decode(type, from: bytes) } catch {
            throw GantryError(.internal, "cannot read the daemon's answer", cause: error)
        }
    }

    /// The body as JSON values, one per line, as they come.
    package func lines<Value: Decodable & Sendable>(of type: Value.Type) -> JSONLines<Value> { JSONLines(body: body) }
}

/// The bytes of an answer as they arrive; for one reader. Letting it go closes the connection.
package struct ResponseBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    let exchange: Exchange

    package func makeAsyncIterator() -> Iterator { Iterator(exchange: exchange) }

    package struct Iterator: AsyncIteratorProtocol {
        let exchange: Exchange

        package mutating func next() async throws -> [UInt8]? {
            do { return try await exchange.next() } catch let error as GantryError {
                throw error
            } catch {
                if Task.isCancelled { throw CancellationError() }
                throw GantryError(.unavailable, "lost the connection to the daemon", cause: error)
            }
        }
    }
}

/// JSON values separated by newlines.
package struct JSONLines<Value: Decodable & Sendable>: AsyncSequence, Sendable {
    package typealias Element = Value
    let body: ResponseBody

    package func makeAsyncIterator() -> Iterator { Iterator(source: body.makeAsyncIterator()) }

    package struct Iterator: AsyncIteratorProtocol {
        var source: ResponseBody.Iterator
        var pending: [UInt8] = []
        var searched = 0
        var ended = false

        package mutating func next() async throws -> Value? {
            while true {
                if let newline = pending[searched...].firstIndex(of: 10) {
                    let line = pending[..<newline]
                    pending = Array(pending[(newline + 1)...])
                    searched = 0
                    if let value = try Self.decode(line) { return value }
                    continue
                }
                searched = pending.count
                if ended { return nil }
                if let more = try await source.next() {
                    pending += more
                } else {
                    ended = true
                    let line = pending[...]
                    pending = []
                    searched = 0
                    if let value = try Self.decode(line) { return value }
                }
            }
        }

        private static func decode(_ line: ArraySlice<UInt8>) throws -> Value? {
            guard line.contains(where: { $0 > 32 && $0 != 0x1E }) else { return nil }
            let text = line.first == 0x1E ? line.dropFirst() : line
            do { return try EngineJSON.decode(Value.self, from: text) } catch {
                throw GantryError(.internal, "cannot read a line of the daemon's answer", cause: error)
            }
        }
    }
}
