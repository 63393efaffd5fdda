import AsyncHTTPClient
import Essentials
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// No answer from a registry, in the words that Docker users know.
struct ConnectionFailure: Error {
    /// `Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused`
    var report: GantryError
    /// Another attempt may help.
    var isTransient: Bool

    init(_ error: any Error, call: RegistryCall, url: String) {
        var shown = call
        shown.url = url
        report = (error as? GantryError) ?? .unavailable("\(shown.title): \(Self.sentence(error, url: url))")
        isTransient = Self.isWorthAnotherTry(error)
    }

    private static func sentence(_ error: any Error, url: String) -> String {
        // The connection pool reports the failed call alone.
        if error is IOError { return "dial tcp \(target(of: url)): \(cause(error))" }
        if let error = error as? NIOConnectionError {
            let target = "\(error.host.contains(":") ? "[\(error.host)]" : error.host):\(error.port)"
            if let first = error.connectionErrors.first {
                let address = first.target.ipAddress.map { $0.contains(":") ? "[\($0)]" : $0 }
                return "dial tcp \(address.map { "\($0):\(error.port)" } ?? target): \(cause(first.error))"
            }
            return "dial tcp: lookup \(error.host): no such host"
        }
        if let error = error as? HTTPClientError {
            switch error {
            case .connectTimeout: return "dial tcp \(target(of: url)): i/o timeout"
            case .readTimeout, .writeTimeout, .deadlineExceeded:
                return "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
            case .remoteConnectionClosed: return "EOF"
            default: return error.shortDescription.lowercased()
            }
        }
        if let error = error as? NIOSSLError { return "tls: \(error)" }
        if let error = error as? HTTPParserError { return "net/http: malformed HTTP response (\(error))" }
        return cause(error)
    }

    /// Host and port of an address.
    private static func target(of url: String) -> String {
        guard let parsed = URL(string: url), let host = parsed.host() else { return "" }
        return
            "\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(parsed.port ?? (parsed.scheme == "http" ? 80 : 443))"
    }

    private static func cause(_ error: any Error) -> String {
        guard let error = error as? IOError else {
            if case .connectTimeout = error as? ChannelError { return "i/o timeout" }
            return "\(error)"
        }
        let call =
            error.errnoCode == ECONNREFUSED || error.errnoCode == EHOSTUNREACH || error.errnoCode == ENETUNREACH ? "connect: " : ""
        return call + String(cString: strerror(error.errnoCode)).lowercased()
    }

    private static func isWorthAnotherTry(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError:
            return [.remoteConnectionClosed, .readTimeout, .writeTimeout, .connectTimeout, .uncleanShutdown].contains(error)
        case is NIOConnectionError, is IOError, is ChannelError, is NIOSSLError: return true
        default: return false
        }
    }
}
