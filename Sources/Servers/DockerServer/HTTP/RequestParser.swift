package import NIOCore
internal import NIOHTTP1

/// Reads HTTP/1 requests out of a buffer, piece by piece, and never looks beyond the end of the current one: what follows may
/// be the next request or, after a switch of protocols, raw bytes. That exact end is why this is not a library's parser, which
/// reads ahead. Source: RFC 9112.
package struct RequestParser: Sendable {
    private enum State {
        case head, length(Int), chunkSize, chunkData(Int), chunkEnd, trailers, end
    }

    private var state = State.head
    /// Bytes of an unfinished head or line that hold no line end.
    private var scanned = 0
    private let maximumHeadBytes: Int
    private static let maximumLineBytes = 16 * 1024

    package init(maximumHeadBytes: Int = 1 << 20) { self.maximumHeadBytes = maximumHeadBytes }

    /// True when the body of the current request is read to its end.
    package var isAtEnd: Bool {
        if case .end = state { true } else { false }
    }

    /// The next request's head, or nil when `buffer` does not hold all of it yet. Call it at the start and after `isAtEnd`.
    package mutating func head(from buffer: inout ByteBuffer) throws -> RequestHead? {
        guard let text = try headText(from: &buffer) else { return nil }
        let head = try RequestHeadText(text).parse()
        switch head.framing {
        case .none, .length(0): state = .end
        case .length(let count): state = .length(count)
        case .chunked: state = .chunkSize
        }
        return head
    }

    /// What the next call of `body` gives.
    package enum BodyPiece: Sendable {
        case bytes(ByteBuffer)
        case needsMore
        case end
    }

    package mutating func body(from buffer: inout ByteBuffer) throws -> BodyPiece {
        while true {
            switch state {
            case .head, .end:
                return .end
            case .length(let missing):
                guard let piece = buffer.readSlice(length: min(missing, buffer.readableBytes)), piece.readableBytes > 0
                else { return .needsMore }
                state = missing == piece.readableBytes ? .end : .length(missing - piece.readableBytes)
                return .bytes(piece)
            case .chunkSize:
                guard let line = try line(from: &buffer) else { return .needsMore }
                let size = try Self.chunkSize(line)
                state = size == 0 ? .trailers : .chunkData(size)
            case .chunkData(let missing):
                guard let piece = buffer.readSlice(length: min(missing, buffer.readableBytes)), piece.readableBytes > 0
                else { return .needsMore }
                state = missing == piece.readableBytes ? .chunkEnd : .chunkData(missing - piece.readableBytes)
                return .bytes(piece)
            case .chunkEnd:
                guard let line = try line(from: &buffer) else { return .needsMore }
                guard line.isEmpty else { throw MalformedRequest.detail("malformed chunked encoding") }
                state = .chunkSize
            case .trailers:
                guard let line = try line(from: &buffer) else { return .needsMore }
                if line.isEmpty { state = .end }
            }
        }
    }

    // MARK: Pieces

    /// The bytes of a head up to its empty line, taken out of the buffer; empty lines before it are dropped.
    private mutating func headText(from buffer: inout ByteBuffer) throws -> [UInt8]? {
        while scanned == 0, let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), first == 13 || first == 10 {
            buffer.moveReaderIndex(forwardBy: 1)
        }
        let length = buffer.withUnsafeReadableBytes { bytes -> Int? in
            var at = max(0, scanned - 3)
            while at < bytes.count {
                guard bytes[at] == 10 else {
                    at += 1
                    continue
                }
                if at + 1 < bytes.count, bytes[at + 1] == 10 { return at + 2 }
                if at + 2 < bytes.count, bytes[at + 1] == 13, bytes[at + 2] == 10 { return at + 3 }
                at += 1
            }
            return nil
        }
        guard (length ?? buffer.readableBytes) <= maximumHeadBytes else {
            throw MalformedRequest(status: 431, reason: "Request Header Fields Too Large")
        }
        guard let length else {
            scanned = buffer.readableBytes
            return nil
        }
        scanned = 0
        return buffer.readBytes(length: length)
    }

    /// A line without its end, of the chunked framing.
    private func line(from buffer: inout ByteBuffer) throws -> [UInt8]? {
        guard let length = buffer.readableBytesView.firstIndex(of: 10).map({ $0 - buffer.readerIndex }) else {
            guard buffer.readableBytes <= Self.maximumLineBytes else { throw MalformedRequest.detail("header line too long") }
            return nil
        }
        guard length <= Self.maximumLineBytes, var line = buffer.readBytes(length: length + 1) else {
            throw MalformedRequest.detail("header line too long")
        }
        line.removeLast()
        if line.last == 13 { line.removeLast() }
        return line
    }

    /// Hexadecimal, with extensions after `;` ignored.
    private static func chunkSize(_ line: [UInt8]) throws -> Int {
        let digits = String(decoding: line.prefix { $0 != UInt8(ascii: ";") && $0 != 32 && $0 != 9 }, as: UTF8.self)
        guard digits.utf8.count <= 15, digits.utf8.first.map({ $0 != 43 && $0 != 45 }) == true, let size = Int(digits, radix: 16)
        else { throw MalformedRequest.detail("invalid byte in chunk length") }
        return size
    }
}
