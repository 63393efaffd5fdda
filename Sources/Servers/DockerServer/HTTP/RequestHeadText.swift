internal import NIOHTTP1

/// The text of a request's head, to be taken apart. Source: RFC 9112, sections 3, 5 and 6; wording of errors as Docker's.
struct RequestHeadText {
    private let lines: [ArraySlice<UInt8>]

    init(_ bytes: [UInt8]) {
        lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { $0.last == 13 ? $0.dropLast() : $0 }
    }

    func parse() throws -> RequestHead {
        let parts = lines[0].split(separator: 32, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(Self.isToken), !parts[1].isEmpty,
            parts[1].allSatisfy({ $0 > 32 && $0 != 127 })
        else { throw MalformedRequest.plain }
        let minorVersion: Int
        switch String(decoding: parts[2], as: UTF8.self) {
        case "HTTP/1.1": minorVersion = 1
        case "HTTP/1.0": minorVersion = 0
        case let other where other.hasPrefix("HTTP/"):
            throw MalformedRequest(status: 505, reason: "HTTP Version Not Supported: unsupported protocol version")
        default: throw MalformedRequest.plain
        }
        let headers = try self.headers()
        try checkHost(headers, minorVersion: minorVersion)
        return RequestHead(
            method: String(decoding: parts[0], as: UTF8.self), target: String(decoding: parts[1], as: UTF8.self),
            minorVersion: minorVersion, headers: headers, framing: try framing(headers, minorVersion: minorVersion))
    }

    private func headers() throws -> HTTPHeaders {
        var headers = HTTPHeaders()
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(Self.isToken)
            else { throw MalformedRequest.plain }
            let value = line[(colon + 1)...].trimmed
            guard value.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) else { throw MalformedRequest.plain }
            headers.add(name: String(decoding: line[..<colon], as: UTF8.self), value: String(decoding: value, as: UTF8.self))
        }
        return headers
    }

    private func checkHost(_ headers: HTTPHeaders, minorVersion: Int) throws {
        let hosts = headers["host"]
        if hosts.count > 1 { throw MalformedRequest.detail("too many Host headers") }
        guard let host = hosts.first else {
            if minorVersion > 0 { throw MalformedRequest.detail("missing required Host header") }
            return
        }
        guard host.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { throw MalformedRequest.detail("malformed Host header") }
    }

    /// Both a length and chunks, or lengths that differ, could be read as two requests by someone else: refused.
    private func framing(_ headers: HTTPHeaders, minorVersion: Int) throws -> RequestHead.BodyFraming {
        let codings = headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() }
        let lengths = Set(headers[canonicalForm: "content-length"].map(String.init))
        if !codings.isEmpty {
            guard codings == ["chunked"] else {
                throw MalformedRequest(status: 501, reason: "Not Implemented: unsupported transfer encoding")
            }
            guard lengths.isEmpty, minorVersion > 0 else { throw MalformedRequest.plain }
            return .chunked
        }
        guard let text = lengths.first else { return .none }
        guard lengths.count == 1, text.utf8.count <= 18, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let length = Int(text)
        else { throw MalformedRequest.plain }
        return .length(length)
    }

    /// Characters of method and header names. Source: RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmed: ArraySlice<UInt8> {
        var rest = self
        while rest.first == 32 || rest.first == 9 { rest.removeFirst() }
        while rest.last == 32 || rest.last == 9 { rest.removeLast() }
        return rest
    }
}
