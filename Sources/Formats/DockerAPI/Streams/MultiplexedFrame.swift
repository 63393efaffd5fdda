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
