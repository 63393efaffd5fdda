import AsyncHTTPClient
import Essentials
import Logging
package import NIOCore
import NIOHTTP1
package import OCI

extension RegistryRepository {
    /// A blob's bytes from `offset` on. Nothing is asked of the registry before the first element is.
    package func blob(_ descriptor: Descriptor, from offset: Int64 = 0) -> BlobStream {
        BlobStream(repository: self, descriptor: descriptor, offset: offset)
    }

    /// Asks for a blob's rest. Source: OCI distribution-spec, end-2; RFC 9110, Range Requests.
    /// - Returns: the bytes, and how many of them come before the wanted offset.
    func open(_ descriptor: Descriptor, from offset: Int64) async throws -> (HTTPClientResponse.Body.AsyncIterator, surplus: Int64)
    {
        var call = call(.GET, "/blobs/\(descriptor.digest)")
        if offset > 0 { call.headers.add(name: "Range", value: "bytes=\(offset)-\(descriptor.size - 1)") }
        let response = try await client.send(call, over: connection, credentials: credentials)
        switch response.status {
        case .ok:
            if let length = response.headers.first(name: "Content-Length").flatMap({ Int64($0) }), length != descriptor.size {
                throw GantryError.invalid(
                    "registry `\(host)` offers \(length) bytes for \(descriptor.digest), but the manifest names \(descriptor.size)")
            }
            return (response.body.makeAsyncIterator(), offset)
        case .partialContent:
            let expected = "bytes \(offset)-"
            guard let range = response.headers.first(name: "Content-Range"), range.hasPrefix(expected) else {
                throw GantryError.invalid("registry `\(host)` sent another part of \(descriptor.digest) than was asked for")
            }
            return (response.body.makeAsyncIterator(), 0)
        default:
            let failure = await RegistryFailure.read(response)
            if failure.status == 404 {
                throw GantryError.notFound(
                    "blob \(descriptor.digest) of \(reference.familiar) not found: \(failure.text(or: "blob unknown to registry"))")
            }
            throw failure.pullError(of: reference)
        }
    }

    /// Whether the repository has a blob.
    package func hasBlob(_ digest: Digest) async throws -> Bool {
        let response = try await client.send(call(.HEAD, "/blobs/\(digest)"), over: connection, credentials: credentials)
        switch response.status {
        case .ok, .notFound:
            await client.discard(response)
            return response.status == .ok
        // Reads the body, which can be read once only.
        default: throw await refusal(response)
        }
    }

    /// Makes a blob of another repository of the same registry one of this repository's, without sending it.
    /// - Returns: false when the registry would rather have it sent. Source: OCI distribution-spec, end-11.
    package func mountBlob(_ digest: Digest, from source: String) async throws -> Bool {
        var call = call(.POST, "/blobs/uploads/?\(FormEncoding.encode([("mount", digest.description), ("from", source)]))")
        call.scopes.append("repository:\(source):pull")
        let response = try await client.send(call, over: connection, credentials: credentials)
        await client.discard(response)
        if response.status == .created { return true }
        if response.status == .accepted, let location = response.headers.first(name: "Location") {
            // The registry has begun an upload instead: take it back (end-14), and let the caller begin its own.
            let url = try RegistryClient.resolve(location, against: call.url, over: connection)
            var cancel = RegistryCall(.DELETE, url)
            cancel.scopes = scopes
            cancel.attempts = 1
            do { await client.discard(try await client.send(cancel, over: connection, credentials: credentials)) } catch {
                client.logger.debug("an upload was not taken back", metadata: ["error": "\(error)"])
            }
        }
        return false
    }

    /// Sends a blob in one piece; a cut connection begins it anew. Source: OCI distribution-spec, end-4a, end-6.
    ///
    /// - Parameter body: makes the blob's bytes, exactly `descriptor.size` of them, once for each attempt.
    package func uploadBlob(
        _ descriptor: Descriptor, body: @escaping @Sendable () throws -> AsyncThrowingStream<ByteBuffer, any Error>
    ) async throws {
        var attempt = 1
        while true {
            do {
                return try await uploadOnce(descriptor, body: body)
            } catch let error as GantryError where error.kind == .unavailable && attempt < client.configuration.attempts {
                client.logger.debug(
                    "an upload failed, beginning anew", metadata: ["digest": "\(descriptor.digest)", "error": "\(error)"])
                let pause = client.configuration.firstPause * (1 << min(attempt - 1, 6))
                try await Task.sleep(for: .nanoseconds(pause.nanoseconds))
                attempt += 1
            }
        }
    }

    /// Sends a small blob from memory.
    package func uploadBlob(_ descriptor: Descriptor, bytes: [UInt8]) async throws {
        try await uploadBlob(descriptor) {
            AsyncThrowingStream { continuation in
                continuation.yield(ByteBuffer(bytes: bytes))
                continuation.finish()
            }
        }
    }

    private func uploadOnce(
        _ descriptor: Descriptor, body: @escaping @Sendable () throws -> AsyncThrowingStream<ByteBuffer, any Error>
    ) async throws {
        var start = call(.POST, "/blobs/uploads/")
        start.headers.add(name: "Content-Length", value: "0")
        let begun = try await client.send(start, over: connection, credentials: credentials)
        guard begun.status == .accepted, let location = begun.headers.first(name: "Location") else { throw await refusal(begun) }
        await client.discard(begun)
        let target = try RegistryClient.resolve(location, against: start.url, over: connection)
        var put = RegistryCall(
            .PUT, target + (target.contains("?") ? "&" : "?") + FormEncoding.encode([("digest", descriptor.digest.description)]))
        put.scopes = RegistryClient.sameOrigin(target, base) ? scopes : []
        put.headers.add(name: "Content-Type", value: "application/octet-stream")
        put.timeout = .hours(24)
        // The upload's address is good for one try only.
        put.attempts = 1
        put.body = { .stream(try body(), length: .known(descriptor.size)) }
        if !RegistryClient.sameOrigin(target, base) { put.authorization = .none }
        let response = try await client.send(put, over: connection, credentials: credentials)
        guard response.status == .created || response.status == .noContent else { throw await refusal(response) }
        await client.discard(response)
    }

    private func refusal(_ response: HTTPClientResponse) async -> GantryError {
        let failure = await RegistryFailure.read(response)
        switch failure.code {
        case "DENIED", "UNAUTHORIZED":
            return .denied(failure.text)
        default:
            return failure.error
        }
    }
}
