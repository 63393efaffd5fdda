internal import Archive
internal import Dispatch
internal import LinuxSystem
internal import OCI
internal import Synchronization

internal import struct Crypto.SHA256

/// Digest and sizes of a tar as it goes by. The digest is made on a thread of its own, at most four pieces behind.
final class TarDigest {
    private let hash = RunningHash()
    private let queue = DispatchQueue(label: "gantry.tar-digest")
    private let room = DispatchSemaphore(value: 4)
    private var piece: [UInt8] = []
    private(set) var tarBytes: Int64 = 0
    private(set) var contentBytes: Int64 = 0

    private static let pieceSize = 512 << 10

    private final class RunningHash: Sendable {
        private let hash = Mutex(SHA256())

        func update(_ bytes: [UInt8]) { hash.withLock { hash in bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } } }
        func finish() -> Digest { hash.withLock { Digest(sha256: $0.finalize()) } }
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        tarBytes += Int64(bytes.count)
        piece.append(contentsOf: bytes)
        if piece.count >= Self.pieceSize { hand() }
    }

    private func hand() {
        guard !piece.isEmpty else { return }
        let (hash, room, bytes) = (hash, room, piece)
        piece = []
        piece.reserveCapacity(Self.pieceSize * 3 / 2)
        room.wait()
        queue.async {
            hash.update(bytes)
            room.signal()
        }
    }

    /// Packs an upper directory as a layer.
    func pack(_ root: OwnedDescriptor, _ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        let writer = TarWriter { bytes in
            self.add(bytes)
            try sink(bytes)
        }
        let packer = TarPacker(root: root, writer: writer, mode: .layer)
        packer.transform = { entry in
            self.contentBytes += entry.size
            return entry
        }
        try packer.pack(as: .contents)
        try writer.finish()
    }

    func finish() -> Digest {
        hand()
        return queue.sync { hash.finish() }
    }
}
