import Essentials
import LinuxSystem

/// Options of the `syslog` driver. Source: Docker's documentation, "Syslog logging driver".
struct SyslogOptions: Sendable, Equatable {
    enum Address: Sendable, Equatable {
        /// The host's own: the first of the usual sockets that is there.
        case local
        case unix(path: String, isStream: Bool)
        case network(host: String, port: UInt16, isStream: Bool)
    }

    enum Format: Sendable { case plain, rfc3164, rfc5424, rfc5424Microseconds }

    static let keys = secureKeys.union(["syslog-address", "syslog-facility", "syslog-format"])
    private static let secureKeys: Set<String> = [
        "syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key", "syslog-tls-skip-verify",
    ]
    private static let defaultPort: UInt16 = 514

    var address = Address.local
    /// Source: RFC 5424, table 1.
    var facility = 3
    var format = Format.plain

    init(_ options: [String: String]) throws(GantryError) {
        if let text = options["syslog-address"], !text.isEmpty { address = try Self.address(text) }
        for key in Self.secureKeys.sorted() where options[key] != nil {
            throw .unsupported("\(key) is not supported: the syslog driver speaks no TLS")
        }
        if let text = options["syslog-facility"], !text.isEmpty { facility = try Self.facility(text) }
        switch options["syslog-format"] ?? "" {
        case "": format = .plain
        case "rfc3164": format = .rfc3164
        case "rfc5424": format = .rfc5424
        case "rfc5424micro": format = .rfc5424Microseconds
        default: throw .invalid("Invalid syslog format")
        }
    }

    private static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    ]

    /// A name or a number.
    private static func facility(_ text: String) throws(GantryError) -> Int {
        if let number = facilities.firstIndex(of: text) { return number }
        if text.hasPrefix("local"), let number = Int(text.dropFirst(5)), (0...7).contains(number) { return 16 + number }
        if let number = Int(text), (0...23).contains(number) { return number }
        throw .invalid("invalid syslog facility")
    }

    private static func address(_ text: String) throws(GantryError) -> Address {
        guard let colon = text.firstRange(of: "://") else { throw .invalid("unsupported scheme: ''") }
        let scheme = String(text[..<colon.lowerBound])
        let rest = String(text[colon.upperBound...])
        switch scheme {
        case "unix", "unixgram":
            do { _ = try FileStatus(rest, follow: true) } catch { throw .invalid("stat \(rest): \(error.reason)") }
            return .unix(path: rest, isStream: scheme == "unix")
        case "tcp", "udp": return try network(rest, isStream: scheme == "tcp", in: text)
        case "tcp+tls": throw .unsupported("syslog over TLS is not supported", hint: "use tcp:// or udp://")
        default: throw .invalid("unsupported scheme: '\(scheme)'")
        }
    }

    /// `host`, `host:port`, `[address]:port`.
    private static func network(_ rest: String, isStream: Bool, in text: String) throws(GantryError) -> Address {
        var host = rest
        var port = defaultPort
        let last = rest.lastIndex(of: ":")
        if let last, rest.last != "]", rest.hasPrefix("[") || rest.firstIndex(of: ":") == last {
            guard let number = UInt16(rest[rest.index(after: last)...]) else { throw .invalid("invalid syslog address: `\(text)`") }
            host = String(rest[..<last])
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { throw .invalid("invalid syslog address: `\(text)`") }
        return .network(host: host, port: port, isStream: isStream)
    }
}
