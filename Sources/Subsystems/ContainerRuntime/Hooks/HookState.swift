internal import Essentials
internal import FoundationEssentials
package import OCI

/// What hooks, and whoever listens to a filter, are told of a container. Source: OCI runtime-spec, runtime, State.
package struct HookState: Sendable, Equatable {
    package var ociVersion: String
    package var id: String
    package var bundle: String
    package var annotations: [String: String]?

    package init(specification: RuntimeSpecification, id: String, bundle: String) {
        ociVersion = specification.ociVersion
        self.id = id
        self.bundle = bundle
        annotations = specification.annotations
    }

    private struct Document: Encodable {
        var ociVersion: String
        var id: String
        var status: String
        var bundle: String
        var annotations: [String: String]?
    }

    /// The state in two pieces: the process's number belongs between them.
    func pieces(status: String) throws -> [String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let document = Document(ociVersion: ociVersion, id: id, status: status, bundle: bundle, annotations: annotations)
        let text = String(decoding: try encoder.encode(document), as: UTF8.self)
        return [text.dropLast() + ",\"pid\":", "}"]
    }

    /// The state as a whole.
    func json(status: String, processID: Int32) throws -> String { try pieces(status: status).joined(separator: "\(processID)") }

    /// What a filter's listener is told, in pieces: the number belongs between each two. Source: OCI runtime-spec, config-linux,
    /// The Container Process State.
    func filterPieces(status: String, metadata: String?) throws -> [String] {
        struct Outer: Encodable {
            var ociVersion: String
            var fds = ["seccompFd"]
            var metadata: String?
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let outer = String(decoding: try encoder.encode(Outer(ociVersion: ociVersion, metadata: metadata)), as: UTF8.self)
        let inner = try pieces(status: status)
        return [outer.dropLast() + ",\"state\":" + inner[0], inner[1] + ",\"pid\":", "}"]
    }
}
