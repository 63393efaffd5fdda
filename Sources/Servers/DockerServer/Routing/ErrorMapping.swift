internal import Builder
internal import DockerAPI
package import Essentials

/// What clients are told when something failed. Source: Engine API, "Errors".
package enum ErrorMapping {
    package static func status(_ kind: GantryError.Kind) -> Int {
        switch kind {
        case .invalid: 400
        case .unauthenticated: 401
        case .denied: 403
        case .notFound: 404
        case .conflict: 409
        case .notModified: 304
        case .unsupported: 501
        case .unavailable: 503
        case .timedOut: 504
        case .cancelled: 499
        case .internal: 500
        }
    }

    package static func status(_ error: any Error) -> Int {
        switch error {
        case let error as GantryError: status(error.kind)
        case let error as MalformedRequest: error.status
        case let error as ClassicFailure: status(error.kind)
        case let error as BuildFailure: status(error.error.kind)
        case is CancellationError: 499
        default: 500
        }
    }

    /// The message and its causes on one line.
    package static func message(_ error: any Error) -> String {
        switch error {
        case let error as MalformedRequest: error.reason
        case is CancellationError: "context canceled"
        default: "\(error)"
        }
    }

    package static func reply(_ error: any Error) -> Reply {
        let status = status(error)
        if status == 304 { return Reply(status: 304) }
        return self.reply(status: status, message: message(error))
    }

    package static func reply(status: Int, message: String) -> Reply {
        var body = ErrorResponse()
        body.message = message
        return .json(body, status: status)
    }

    /// The last line of a progress stream.
    package static func failureLine(_ error: any Error) -> [UInt8] {
        (try? EngineJSON.progressLine(JSONMessage.failure(message(error)))) ?? []
    }
}
