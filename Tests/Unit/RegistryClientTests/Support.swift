import Crypto
import Essentials
import Logging
import NIOCore
import OCI
import Testing

@testable import RegistryClient

/// Runs `body` with a client that does not wait long, and shuts it down.
func withClient<Value>(
    _ change: (inout RegistryConfiguration) -> Void = { _ in }, _ body: (RegistryClient) async throws -> Value
) async throws -> Value {
    var configuration = RegistryConfiguration()
    configuration.certificatesDirectory = "/nonexistent"
    configuration.firstPause = .milliseconds(1)
    configuration.idleTimeout = .seconds(20)
    change(&configuration)
    let client = RegistryClient(configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    do {
        let value = try await body(client)
        try await client.shutdown()
        return value
    } catch {
        try await client.shutdown()
        throw error
    }
}

/// The message of the `GantryError` that `body` throws.
func message(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "no error"
    } catch { return (error as? GantryError)?.description ?? "another error: \(error)" }
}

extension BlobStream {
    func collect() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self { bytes.append(contentsOf: chunk.readableBytesView) }
        return bytes
    }
}

enum Sample {
    static let bytes = [UInt8](repeating: 7, count: 100_000) + [1, 2, 3]
    static let descriptor = Descriptor(
        mediaType: MediaType.layerGzip, digest: Self.digest(bytes), size: Int64(bytes.count))
    static let manifest =
        #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}"#
    static let manifestDigest = Self.digest(Array(manifest.utf8))

    private static func digest(_ bytes: [UInt8]) -> OCI.Digest { OCI.Digest(sha256: SHA256.hash(data: bytes)) }
}
