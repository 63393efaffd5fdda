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
        private let state = Mutex((hash: SHA256(), checkpoints: [(mark: String, checkpoint: DigestCheckpoints.Checkpoint)]()))

        func start(from hash: SHA256) { state.withLock { $0.hash = hash } }
        func update(_ bytes: [UInt8]) { state.withLock { state in bytes.withUnsafeBytes { state.hash.update(bufferPointer: $0) } } }

        func keep(_ checkpoint: DigestCheckpoints.Checkpoint, _ mark: String) {
            state.withLock { state in
                var checkpoint = checkpoint
                checkpoint.hash = state.hash
                state.checkpoints.append((mark, checkpoint))
            }
        }

        func finish() -> Digest { state.withLock { Digest(sha256: $0.hash.finalize()) } }
        var checkpoints: [(mark: String, checkpoint: DigestCheckpoints.Checkpoint)] { state.withLock { $0.checkpoints } }
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
        let writer = writer(sink)
        let packer = TarPacker(root: root, writer: writer, mode: .layer)
        packer.observer = { self.contentBytes += $0.entry.size }
        try packer.pack(as: .contents)
        try writer.finish()
    }

    /// Digests an upper directory as a layer, from where it parts from all that `known` has seen.
    func digest(_ root: OwnedDescriptor, known: DigestCheckpoints) throws {
        let writer = writer { _ in }
        let packer = TarPacker(root: root, writer: writer, mode: .layer)
        let start = try Self.lastCommon(packer, known)
        var print = start?.print ?? LayerPrint()
        if let start {
            hash.start(from: start.hash)
            (tarBytes, contentBytes) = (start.tarBytes, start.contentBytes)
        }
        packer.observer = { member in
            if print.isMarkDue {
                try writer.settle()
                self.mark(&print, at: member.position)
            }
            print.add(member)
            self.contentBytes += member.entry.size
        }
        try packer.pack(as: .contents, from: start?.position ?? 0)
        try writer.finish()
    }

    private func writer(_ sink: @escaping (UnsafeRawBufferPointer) throws -> Void) -> TarWriter {
        TarWriter { bytes in
            self.add(bytes)
            try sink(bytes)
        }
    }

    private static func lastCommon(_ packer: TarPacker, _ known: DigestCheckpoints) throws -> DigestCheckpoints.Checkpoint? {
        var last: DigestCheckpoints.Checkpoint?
        var print = LayerPrint()
        try packer.survey { member in
            if print.isMarkDue {
                guard let checkpoint = known[print.mark()] else { return false }
                last = checkpoint
            }
            print.add(member)
            return print.isUsable
        }
        return last
    }

    /// Everything before the member at `position` has been added.
    private func mark(_ print: inout LayerPrint, at position: Int) {
        hand()
        let mark = print.mark()
        let checkpoint = DigestCheckpoints.Checkpoint(
            hash: SHA256(), tarBytes: tarBytes, contentBytes: contentBytes, position: position, print: print)
        let hash = hash
        queue.async { hash.keep(checkpoint, mark) }
    }

    func finish() -> Digest {
        hand()
        return queue.sync { hash.finish() }
    }

    /// Of what was digested; complete after ``finish()``.
    var checkpoints: [(mark: String, checkpoint: DigestCheckpoints.Checkpoint)] { hash.checkpoints }
}
