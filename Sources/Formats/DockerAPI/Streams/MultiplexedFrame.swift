/// A frame of a multiplexed stream: 8 bytes `[kind,0,0,0,length big-endian]`, then the bytes. Source: Engine API, ContainerAttach.
package struct MultiplexedFrame: Sendable, Hashable {
    package enum Kind: UInt8, Sendable {
        case stdin = 0, stdout = 1, stderr = 2
        /// Text to be shown as an error of the engine.
        case systemError = 3
    }

    package var kind: Kind
    package var bytes: [UInt8]

    package init(_ kind: Kind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    /// The header of a frame of `count` bytes.
    package static func header(_ kind: Kind, count: Int) -> [UInt8] {
        let count = UInt32(clamping: count)
        return [kind.rawValue, 0, 0, 0, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
    }

    package var encoded: [UInt8] { Self.header(kind, count: bytes.count) + bytes }
}

/// Takes a multiplexed stream apart, however it is cut into pieces.
package struct MultiplexedFrameDecoder: Sendable {
    /// A header that no engine writes.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package var description: String { "unrecognized input header" }
    }

    private var header: [UInt8] = []
    private var kind = MultiplexedFrame.Kind.stdout
    private var missing = 0

    package init() {}

    /// True between frames: where a stream may end.
    package var isAtBoundary: Bool { header.isEmpty && missing == 0 }

    /// As ``feed(_:)``, but frames that follow one another on the same stream are one: a log has millions of short ones.
    package mutating func feedMerging(_ input: [UInt8]) throws -> [MultiplexedFrame] {
        var frames: [MultiplexedFrame] = []
        try input.withUnsafeBufferPointer { input in
            var at = 0
            while at < input.count {
                if missing == 0 {
                    at = try readHeader(input, at)
                    continue
                }
                let count = min(missing, input.count - at)
                let piece = UnsafeBufferPointer(rebasing: input[at..<at + count])
                if frames.last?.kind == kind {
                    frames[frames.count - 1].bytes.append(contentsOf: piece)
                } else {
                    var bytes: [UInt8] = []
                    bytes.reserveCapacity(input.count - at)
                    bytes.append(contentsOf: piece)
                    frames.append(MultiplexedFrame(kind, bytes))
                }
                missing -= count
                at += count
            }
        }
        return frames
    }

    /// - Returns: where the input goes on after what of a header there is.
    private mutating func readHeader(_ input: UnsafeBufferPointer<UInt8>, _ start: Int) throws -> Int {
        let count = min(8 - header.count, input.count - start)
        if count == 8 {
            try begin(input[start], (4..<8).reduce(0) { $0 << 8 | Int(input[start + $1]) })
            return start + 8
        }
        header.append(contentsOf: input[start..<start + count])
        if header.count == 8 {
            try begin(header[0], header[4...].reduce(0) { $0 << 8 | Int($1) })
            header = []
        }
        return start + count
    }

    private mutating func begin(_ kind: UInt8, _ size: Int) throws {
        guard let kind = MultiplexedFrame.Kind(rawValue: kind) else { throw Malformed() }
        self.kind = kind
        missing = size
    }

    /// The pieces of frames in `input`. A long frame comes out in several pieces, as its bytes arrive.
    package mutating func feed(_ input: some Collection<UInt8>) throws -> [MultiplexedFrame] {
        var frames: [MultiplexedFrame] = []
        var rest = input[...]
        while !rest.isEmpty {
            if missing > 0 {
                let piece = rest.prefix(missing)
                frames.append(MultiplexedFrame(kind, Array(piece)))
                missing -= piece.count
                rest = rest.dropFirst(piece.count)
                continue
            }
            let piece = rest.prefix(8 - header.count)
            header += piece
            rest = rest.dropFirst(piece.count)
            guard header.count == 8 else { break }
            guard let kind = MultiplexedFrame.Kind(rawValue: header[0]) else { throw Malformed() }
            self.kind = kind
            missing = header[4...].reduce(0) { $0 << 8 | Int($1) }
            header = []
        }
        return frames
    }
}
