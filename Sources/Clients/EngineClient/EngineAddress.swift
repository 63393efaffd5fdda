import Essentials

/// Where a daemon listens: a unix socket or a TCP port.
package enum EngineAddress: Sendable, Hashable {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// Reads `unix:///path`, `tcp://host[:port]`, `http://host:port` or `host:port`; port 2375 without one.
    /// - Throws: ``GantryError`` of kind invalid in Docker's words.
    package init(_ text: String) throws {
        let malformed = GantryError.invalid("invalid bind address format: \(text)")
        guard let separator = text.range(of: "://") else {
            self = try Self.tcp(text, malformed)
            return
        }
        let rest = String(text[separator.upperBound...])
        switch text[..<separator.lowerBound] {
        case "unix":
            guard !rest.isEmpty else { throw malformed }
            self = .unix(path: rest)
        case "tcp", "http", "https": self = try Self.tcp(rest, malformed)
        case "ssh":
            throw GantryError.unsupported(
                "cannot reach `\(text)`: the ssh scheme is not supported", hint: "forward the socket with `ssh -L`")
        default: throw malformed
        }
    }

    private static func tcp(_ text: String, _ malformed: GantryError) throws -> EngineAddress {
        let authority = text.prefix { $0 != "/" }
        guard !authority.isEmpty else { throw malformed }
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw malformed }
            let host = String(authority[authority.index(after: authority.startIndex)..<close])
            let rest = authority[authority.index(after: close)...]
            if rest.isEmpty { return .tcp(host: host, port: 2375) }
            guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()) else { throw malformed }
            return .tcp(host: host, port: Int(port))
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 1 { return .tcp(host: String(parts[0]), port: 2375) }
        guard parts.count == 2, let port = UInt16(parts[1]) else { throw malformed }
        return .tcp(host: parts[0].isEmpty ? "127.0.0.1" : String(parts[0]), port: Int(port))
    }
}

extension EngineAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }
}

extension StringProtocol {
    /// The first occurrence of `needle`.
    func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
