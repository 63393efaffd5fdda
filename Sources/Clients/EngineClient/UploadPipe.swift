internal import Dispatch
internal import Synchronization

/// Carries bytes from a thread that makes them, and may block, to a request's body. At most `depth` pieces wait in between, so
/// that a fast disk does not fill the memory while the connection is slow.
package final class UploadPipe: Sendable {
    /// Thrown by ``send(_:)`` when nobody takes the bytes any more.
    package struct Closed: Error, CustomStringConvertible {
        package var description: String { "the receiver has gone" }
    }

    /// The pieces in order; ends when the producer ends, throws what it threw. Iterate once.
    package let pieces: AsyncThrowingStream<[UInt8], any Error>
    private let continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation
    private let room: DispatchSemaphore
    private let isClosed = Mutex(false)

    private init(depth: Int) {
        // Raised afterwards: a semaphore must not go with less than it began with, and pieces may be left over when a request fails.
        room = DispatchSemaphore(value: 0)
        for _ in 0..<depth { room.signal() }
        (pieces, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
    }

    /// Runs `produce` on a thread of its own; what it sends comes out of the returned pipe's ``body``.
    package static func start(depth: Int = 16, _ produce: @escaping @Sendable (UploadPipe) throws -> Void) -> UploadPipe {
        let pipe = UploadPipe(depth: depth)
        DispatchQueue(label: "upload").async {
            do {
                try produce(pipe)
                pipe.continuation.finish()
            } catch {
                pipe.continuation.finish(throwing: error)
            }
        }
        return pipe
    }

    /// Hands over a piece; waits while too many are on the way. Only from the producer's thread.
    package func send(_ bytes: [UInt8]) throws {
        room.wait()
        guard !isClosed.withLock({ $0 }) else { throw Closed() }
        continuation.yield(bytes)
    }

    /// Tells the producer to stop; what it sends after this is refused.
    package func close() {
        isClosed.withLock { $0 = true }
        room.signal()
    }

    /// The bytes as a request's body.
    package var body: Body { Body(pipe: self) }

    /// Makes room for the next piece with each one taken.
    package struct Body: AsyncSequence, Sendable {
        let pipe: UploadPipe

        package struct AsyncIterator: AsyncIteratorProtocol {
            let pipe: UploadPipe
            var inner: AsyncThrowingStream<[UInt8], any Error>.AsyncIterator

            package mutating func next() async throws -> [UInt8]? {
                guard let piece = try await inner.next() else { return nil }
                pipe.room.signal()
                return piece
            }
        }

        package func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(pipe: pipe, inner: pipe.pieces.makeAsyncIterator())
        }
    }
}
