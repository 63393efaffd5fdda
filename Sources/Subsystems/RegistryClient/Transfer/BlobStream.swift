import AsyncHTTPClient
import Essentials
import Logging
package import NIOCore
import OCI

/// The bytes of a blob in order, at most as many as its descriptor says.
///
/// A cut connection is made good by asking for the rest, again and again as long as something comes. The digest is the
/// reader's to check. Leaving the loop early ends the transfer.
package struct BlobStream: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    let repository: RegistryRepository
    let descriptor: Descriptor
    let offset: Int64

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(repository: repository, descriptor: descriptor, position: offset)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let repository: RegistryRepository
        let descriptor: Descriptor
        /// Bytes of the blob that the reader has.
        var position: Int64
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var fruitlessAttempts = 0
        /// Bytes still to be passed over, of a registry that ignores ranges.
        private var surplus: Int64 = 0

        init(repository: RegistryRepository, descriptor: Descriptor, position: Int64) {
            self.repository = repository
            self.descriptor = descriptor
            self.position = position
        }

        package mutating func next() async throws -> ByteBuffer? {
            while true {
                try Task.checkCancellation()
                do {
                    if body == nil {
                        if position > 0, position >= descriptor.size { return nil }
                        (body, surplus) = try await repository.open(descriptor, from: position)
                    }
                    if let chunk = try await nextChunk() {
                        fruitlessAttempts = 0
                        return chunk
                    }
                    if position == descriptor.size { return nil }
                } catch let error as GantryError {
                    throw error
                } catch {
                    if error is CancellationError || Task.isCancelled { throw CancellationError() }
                    repository.client.logger.debug(
                        "a download was cut, asking for the rest",
                        metadata: ["digest": "\(descriptor.digest)", "error": "\(error)"])
                }
                body = nil
                fruitlessAttempts += 1
                guard fruitlessAttempts < repository.client.configuration.attempts else {
                    throw GantryError.unavailable(
                        "unexpected EOF: registry `\(repository.host)` sent \(position) of \(descriptor.size) bytes of \(descriptor.digest)"
                    )
                }
                let pause = repository.client.configuration.firstPause * (1 << Swift.min(fruitlessAttempts - 1, 6))
                try await Task.sleep(for: .nanoseconds(pause.nanoseconds))
            }
        }

        /// The next bytes that the reader does not have; nil at the end of this answer.
        private mutating func nextChunk() async throws -> ByteBuffer? {
            while var chunk = try await body?.next() {
                if surplus > 0 {
                    let skipped = Swift.min(surplus, Int64(chunk.readableBytes))
                    chunk.moveReaderIndex(forwardBy: Int(skipped))
                    surplus -= skipped
                }
                guard chunk.readableBytes > 0 else { continue }
                guard position + Int64(chunk.readableBytes) <= descriptor.size else {
                    throw GantryError.invalid(
                        "registry `\(repository.host)` sent more than the \(descriptor.size) bytes of \(descriptor.digest) that the manifest names"
                    )
                }
                position += Int64(chunk.readableBytes)
                return chunk
            }
            return nil
        }
    }
}
