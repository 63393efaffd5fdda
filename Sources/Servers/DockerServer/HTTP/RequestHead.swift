package import NIOHTTP1

/// The first lines of an HTTP/1 request.
package struct RequestHead: Sendable {
    package var method: String
    /// As sent: origin form, or absolute form.
    package var target: String
    /// 0 or 1: the digit after `HTTP/1.`.
    package var minorVersion: Int
    package var headers: HTTPHeaders
    package var framing: BodyFraming

    package enum BodyFraming: Sendable, Hashable {
        case none
        case length(Int)
        case chunked
    }

    /// The connection may serve another request after this one.
    package var keepsAlive: Bool {
        let tokens = headers[canonicalForm: "connection"].map { $0.lowercased() }
        if tokens.contains("close") { return false }
        return minorVersion > 0 || tokens.contains("keep-alive")
    }

    package var expectsContinue: Bool {
        minorVersion > 0 && headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    /// The protocol that the client wants to switch to, nil when it does not ask for a switch.
    package var upgradeProtocol: String? {
        let tokens = headers[canonicalForm: "connection"].map { $0.lowercased() }
        return tokens.contains("upgrade") ? headers.first(name: "upgrade") : nil
    }
}

/// A request that cannot be understood: answered in plain text, after which the connection ends.
package struct MalformedRequest: Error, Hashable {
    package var status: Int
    /// What is put after the status in the first line and the body, as Docker does.
    package var reason: String

    package init(status: Int, reason: String) {
        self.status = status
        self.reason = reason
    }

    package static let plain = MalformedRequest(status: 400, reason: "Bad Request")

    package static func detail(_ text: String) -> MalformedRequest {
        MalformedRequest(status: 400, reason: "Bad Request: \(text)")
    }
}
