/// Cuts a response's body out of the bytes that follow its head. Pure: bytes in, bytes out. Source: RFC 9112, sections 6 and 7.
struct BodyDecoder: Sendable {
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    private enum State: Sendable, Equatable {
        case counted(Int)
        case untilClose
        case chunkSize, chunk(Int), chunkEnd, trailer
        case done
    }

    private var state: State
    /// The unfinished line of a chunk's head or a trailer.
    private var line: [UInt8] = []

    /// - Parameter bodiless: the answer to HEAD has no body whatever its headers say.
    init(_ head: ResponseHead, bodiless: Bool) throws {
        if bodiless || head.status == 204 || head.status == 304 {
            state = .done
        } else if head.header("transfer-encoding")?.lowercased().contains("chunked") == true {
            state = .chunkSize
        } else if let text = head.header("content-length") {
            guard let count = Int(text), count >= 0 else { throw Malformed(description: "malformed content length") }
            state = count == 0 ? .done : .counted(count)
        } else {
            state = .untilClose
        }
    }

    var isDone: Bool { state == .done }

    /// Body bytes among `input`; what follows the end of the body is dropped.
    mutating func feed(_ input: ArraySlice<UInt8>) throws -> [UInt8] {
        var rest = input
        var output: [UInt8] = []
        while !rest.isEmpty {
            switch state {
            case .done: return output
            case .untilClose:
                output += rest
                return output
            case .counted(let left):
                let piece = rest.prefix(left)
                output += piece
                rest = rest.dropFirst(piece.count)
                state = left == piece.count ? .done : .counted(left - piece.count)
            case .chunk(let left):
                let piece = rest.prefix(left)
                output += piece
                rest = rest.dropFirst(piece.count)
                state = left == piece.count ? .chunkEnd : .chunk(left - piece.count)
            case .chunkSize, .chunkEnd, .trailer: try takeLineByte(rest.removeFirst())
            }
        }
        return output
    }

    private mutating func takeLineByte(_ byte: UInt8) throws {
        guard byte == 10 else {
            guard line.count < 8192 else { throw Malformed(description: "chunk head too long") }
            line.append(byte)
            return
        }
        if line.last == 13 { line.removeLast() }
        defer { line = [] }
        switch state {
        case .chunkEnd:
            guard line.isEmpty else { throw Malformed(description: "malformed end of chunk") }
            state = .chunkSize
        case .chunkSize:
            let digits = line.prefix { $0 != 59 && $0 != 32 }
            guard !digits.isEmpty, let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
            else { throw Malformed(description: "malformed size of chunk") }
            state = size == 0 ? .trailer : .chunk(size)
        case .trailer: if line.isEmpty { state = .done }
        case .counted, .untilClose, .chunk, .done: break
        }
    }

    /// - Throws: ``Malformed`` when the connection ended in the middle of the body.
    mutating func end() throws {
        switch state {
        case .done, .untilClose: state = .done
        default: throw Malformed(description: "unexpected end of the answer")
        }
    }
}
