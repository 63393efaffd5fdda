internal import Essentials

/// Where the server listens.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    case unix(path: String)
    case tcp(host: String, port: Int)

    /// Parses what `-H` takes: `unix:///run/gantry.sock`, `tcp://127.0.0.1:2375`, `tcp://[::1]:2375`; a TCP address without a port
    /// has 2375.
    /// - Throws: `invalid`.
    package init(parsing text: String) throws {
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst(7))
            guard path.hasPrefix("/"), path.utf8.count < 108 else {
                throw GantryError.invalid("`\(text)`: a unix socket needs an absolute path of at most 107 bytes")
            }
            self = .unix(path: path)
        } else if text.hasPrefix("tcp://") {
            self = try Self.tcp(parsing: text)
        } else {
            throw GantryError.invalid("`\(text)` is no address to listen on", hint: "use unix:///path or tcp://host:port")
        }
    }

    private static func tcp(parsing text: String) throws -> ListenAddress {
        var rest = text.dropFirst(6)
        while rest.last == "/" { rest.removeLast() }
        var host = String(rest)
        var port = 2375
        let afterBrackets = rest.lastIndex(of: "]").map(rest.index(after:)) ?? rest.startIndex
        if let colon = rest[afterBrackets...].lastIndex(of: ":") {
            host = String(rest[..<colon])
            guard let number = Int(rest[rest.index(after: colon)...]), (0...65535).contains(number) else {
                throw GantryError.invalid("`\(text)`: the port must be a number from 0 to 65535")
            }
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return .tcp(host: host.isEmpty ? "127.0.0.1" : host, port: port)
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }
}
