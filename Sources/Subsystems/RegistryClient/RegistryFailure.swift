import AsyncHTTPClient
import Essentials
import FoundationEssentials
import NIOCore
import NIOHTTP1
import OCI

/// An answer of a registry that refuses. Source: OCI distribution-spec, error codes.
struct RegistryFailure: Sendable {
    var status: UInt
    /// `MANIFEST_UNKNOWN`, or empty when the registry gave none.
    var code: String
    var message: String

    private struct Body: Decodable {
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
        var errors: [Entry]?
        /// Of some authorisation servers.
        var details: String?
    }

    /// Reads at most 64 KiB of the answer's body.
    static func read(_ response: HTTPClientResponse) async -> RegistryFailure {
        var bytes: [UInt8] = []
        do {
            for try await chunk in response.body {
                bytes.append(contentsOf: chunk.readableBytesView)
                if bytes.count > 1 << 16 { break }
            }
        } catch {
            // The status alone has to do: a cut body says less than the head did.
            bytes = []
        }
        var failure = RegistryFailure(status: response.status.code, code: "", message: "")
        if let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) {
            failure.code = clean(body.errors?.first?.code ?? "", limit: 64)
            failure.message = clean(body.errors?.first?.message ?? body.details ?? "", limit: 1000)
        }
        let challenges = Challenge.parse(response.headers["WWW-Authenticate"])
        if challenges.contains(where: { $0.parameters["error"] == "insufficient_scope" }) {
            failure.code = "DENIED"
            failure.message = "requested access to the resource is denied"
        } else if failure.code.isEmpty {
            (failure.code, failure.message) = known(response.status)
        }
        return failure
    }

    private static func known(_ status: HTTPResponseStatus) -> (String, String) {
        switch status {
        case .unauthorized: ("UNAUTHORIZED", "authentication required")
        case .forbidden: ("DENIED", "requested access to the resource is denied")
        case .tooManyRequests: ("TOOMANYREQUESTS", "too many requests")
        default: ("", "")
        }
    }

    /// A hostile registry must not write on terminals: control characters go.
    private static func clean(_ text: String, limit: Int) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(limit).filter {
                    $0.value >= 0x20 && $0.value != 0x7F && !(0x80...0x9F).contains($0.value)
                }))
    }

    /// `manifest unknown: manifest unknown`, as Docker prints an error of the protocol.
    var text: String {
        text(or: "received unexpected HTTP status: \(status) \(HTTPResponseStatus(statusCode: Int(status)).reasonPhrase)")
    }

    func text(or other: String) -> String {
        guard !code.isEmpty else { return message.isEmpty ? other : message }
        let words = code.lowercased().replacing("_", with: " ")
        return message.isEmpty ? words : "\(words): \(message)"
    }

    var kind: GantryError.Kind {
        switch status {
        case 401: .unauthenticated
        case 403: .denied
        case 404: .notFound
        case 400, 405, 413, 416: .invalid
        default: .unavailable
        }
    }

    /// The error of a request about a whole image, in the words that clients look for.
    func pullError(of reference: Reference) -> GantryError {
        switch code {
        case "DENIED":
            return .notFound(
                "pull access denied for \(reference.familiarRepository), repository does not exist or may require 'docker login': \(text)"
            )
        case "NAME_UNKNOWN":
            return .notFound("repository \(reference.familiarRepository) not found: \(text)")
        case "MANIFEST_UNKNOWN":
            return .notFound("manifest for \(reference.familiar) not found: \(text)")
        case "" where status == 404:
            return .notFound("manifest for \(reference.familiar) not found: manifest unknown: manifest unknown")
        default:
            return GantryError(kind, text)
        }
    }

    var error: GantryError { GantryError(kind, text) }
}
