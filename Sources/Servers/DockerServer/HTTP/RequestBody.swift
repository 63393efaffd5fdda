internal import NIOCore

/// The body of a request as it arrives, with brakes: nothing is read before it is asked for.
package struct RequestBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    let reader: RequestReader

    package struct AsyncIterator: AsyncIteratorProtocol {
        let reader: RequestReader

        package func next() async throws -> [UInt8]? {
            try await reader.nextBody().map { Array($0.readableBytesView) }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }

    /// All of it, when it has at most `limit` bytes; nil when it is longer.
    package func collect(limit: Int) async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while let piece = try await reader.nextBody() {
            guard bytes.count + piece.readableBytes <= limit else { return nil }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }
}
