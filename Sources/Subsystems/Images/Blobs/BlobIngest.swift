internal import Essentials
internal import Glibc
package import LinuxSystem
package import OCI

internal import struct Crypto.SHA256

/// A blob on its way in: a temporary file, hashed as it is written, that becomes visible only when it is what was promised.
/// Used by one thread at a time; dropped without ``commit(expecting:size:)`` it leaves nothing.
package final class BlobIngest {
    private let path: String
    private let paths: StorePaths
    private let file: OwnedDescriptor
    private var hash = SHA256()
    private var done = false
    /// Bytes written so far: where an interrupted download goes on.
    package private(set) var written: Int64 = 0

    init(_ paths: StorePaths) throws {
        self.paths = paths
        path = paths.newTemporary("ingest")
        file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    }

    deinit { if !done { unlink(path) } }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        do { try file.writeAll(bytes) } catch { throw GantryError.unavailable("cannot write blob", cause: error) }
        hash.update(bufferPointer: bytes)
        written += Int64(bytes.count)
    }

    package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Verifies size and digest, waits for the disk, and gives the blob its name. With a failure nothing stays.
    /// - Returns: the digest; with `expecting` nil whatever the content has.
    @discardableResult
    package func commit(expecting: Digest? = nil, size: Int64? = nil) throws -> Digest {
        defer { abort() }
        if let size, size != written { throw GantryError.invalid("blob has \(written) bytes, expected \(size)") }
        let digest = Digest(sha256: hash.finalize())
        if let expecting, expecting != digest {
            guard expecting.algorithm == "sha256" else {
                throw GantryError.unsupported("digest `\(expecting)`: only sha256 can be verified")
            }
            throw GantryError.invalid("blob has digest `\(digest)`, expected `\(expecting)`")
        }
        do {
            try file.sync()
            try check("rename", path) { rename(path, paths.blob(digest)) }
        } catch { throw GantryError.unavailable("cannot store blob `\(digest)`", cause: error) }
        done = true
        return digest
    }

    /// Removes what was written; after a commit it does nothing.
    package func abort() {
        if !done { unlink(path) }
        done = true
    }
}

extension ImageStore {
    package func beginIngest() throws -> BlobIngest { try BlobIngest(paths) }

    package func hasBlob(_ digest: Digest) -> Bool { digest.algorithm == "sha256" && FileSystem.exists(paths.blob(digest)) }

    /// Bytes.
    package func blobSize(_ digest: Digest) throws -> Int64 { try openBlob(digest).status().size }

    /// - Throws: `notFound`.
    package func openBlob(_ digest: Digest) throws -> OwnedDescriptor {
        guard digest.algorithm == "sha256" else { throw GantryError.notFound("no such blob: \(digest)") }
        do { return try OwnedDescriptor.open(paths.blob(digest), O_RDONLY | O_NOFOLLOW) } catch {
            guard error.errno == ENOENT else { throw GantryError.unavailable("cannot open blob `\(digest)`", cause: error) }
            throw GantryError.notFound("no such blob: \(digest)", cause: error)
        }
    }

    /// Chunks of a blob from its start.
    func source(_ file: OwnedDescriptor, read progress: ((Int64) -> Void)? = nil) -> () throws -> [UInt8]? {
        var total: Int64 = 0
        return {
            let chunk = try [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            total += Int64(chunk.count)
            progress?(total)
            return chunk.isEmpty ? nil : chunk
        }
    }
}
