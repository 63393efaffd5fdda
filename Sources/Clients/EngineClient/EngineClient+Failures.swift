import DockerAPI
package import Essentials
import Glibc
import NIOCore

extension GantryError {
    /// What stands before a message that came from the daemon, as clients of Docker know it.
    package static let daemonPrefix = "Error response from daemon: "

    /// The daemon's own words, nil when the error did not come from it.
    package var daemonMessage: String? {
        message.hasPrefix(Self.daemonPrefix) ? String(message.dropFirst(Self.daemonPrefix.count)) : nil
    }
}

extension EngineClient {
    /// Source: Engine API 1.51, status codes of all endpoints.
    static func kind(status: Int) -> GantryError.Kind {
        switch status {
        case 304: .notModified
        case 400: .invalid
        case 401: .unauthenticated
        case 403: .denied
        case 404: .notFound
        case 409: .conflict
        case 501: .unsupported
        case 503: .unavailable
        default: .internal
        }
    }

    /// The error that an answer of 400 or more stands for.
    static func failure(_ response: EngineResponse) async -> GantryError {
        let kind = kind(status: response.status)
        let bytes: [UInt8]
        do { bytes = try await response.bytes(limit: 1 << 20) } catch {
            return GantryError(kind, "the daemon answered \(response.status)", cause: error)
        }
        if let body = try? EngineJSON.decode(ErrorResponse.self, from: bytes), !body.message.isEmpty {
            return GantryError(kind, GantryError.daemonPrefix + body.message)
        }
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return GantryError(kind, GantryError.daemonPrefix + (text.isEmpty ? "status \(response.status)" : text))
    }

    /// Speaks an older version from now on when `error` says that the daemon knows none as new as ours.
    func lowerVersion(_ error: GantryError) -> Bool {
        guard error.kind == .invalid, let message = error.daemonMessage, message.contains("is too new"),
            let mark = message.range(of: "Maximum supported API version is ")
        else { return false }
        let newest = message[mark.upperBound...].prefix { $0.isNumber || $0 == "." }
        guard !newest.isEmpty else { return false }
        return setVersion(String(newest))
    }

    /// Nobody listens there: a daemon may be started.
    static func isAbsent(_ error: any Error) -> Bool {
        guard let error = error as? IOError else { return false }
        return error.errnoCode == ENOENT || error.errnoCode == ECONNREFUSED
    }

    func unreachable(_ error: any Error) -> GantryError {
        if let error = error as? IOError, error.errnoCode == EACCES || error.errnoCode == EPERM {
            return GantryError(.denied, "permission denied while trying to connect to the Gantry daemon socket at \(address)")
        }
        return GantryError(.unavailable, "Cannot connect to the Gantry daemon at \(address). Is the gantry daemon running?")
    }
}
