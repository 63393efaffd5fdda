import FoundationEssentials
import Images
import OCI

/// What a build came to: an image or tree for each platform, with what is said of it. Kept with the names of image lists.
struct BuildResult: Sendable, Codable {
    struct Part: Sendable, Codable {
        var platform: Platform
        /// Nil when no image was asked for.
        var image: Digest?
        var chainID: Digest?
        var attestations: [Attestation] = []
    }

    var parts: [Part]
    /// An index stands above the manifests.
    var isIndex: Bool

    /// The part that runs here, or the first.
    var main: Part? { parts.first { Platform.host.runs($0.platform) } ?? parts.first }
}

/// A statement about an image. Source: in-toto Attestation Framework, Statement v0.1.
struct Attestation: Sendable, Codable {
    var predicateType: String
    /// JSON.
    var predicate: Data
    /// As a file beside the exported tree.
    var fileName: String

    /// - Parameter subjects: what it is said of, with names as package URLs.
    func statement(subjects: [(name: String, digest: Digest)]) throws -> [UInt8] {
        let list = try subjects.map { subject in
            "{\"name\":\(try Self.quoted(subject.name)),\"digest\":{\"\(subject.digest.algorithm)\":\"\(subject.digest.hex)\"}}"
        }
        let head =
            "{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\(try Self.quoted(predicateType)),\"subject\":["
        return Array((head + list.joined(separator: ",") + "],\"predicate\":").utf8) + predicate + Array("}".utf8)
    }

    private static func quoted(_ text: String) throws -> String { String(decoding: try ResultJSON.encode(text), as: UTF8.self) }
}

/// JSON whose bytes depend on nothing but the values.
enum ResultJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// The list of images under a name, with the result and form that a push gives again.
struct ListedResult: Codable {
    var result: BuildResult
    var form: ExportForm
    /// The build's own names, which its statements speak of.
    var names: [String]

    /// A list that came from elsewhere, as its members are.
    static func list(of members: [ImageList.Member], main: Digest, named name: Reference) throws -> ImageList {
        let parts = members.map { BuildResult.Part(platform: $0.platform, image: $0.image) }
        let listed = ListedResult(
            result: BuildResult(parts: parts, isIndex: true), form: ExportForm(), names: [name.withDefaultTag.canonical])
        return ImageList(members: members, main: main, details: Data(try ResultJSON.encode(listed)))
    }
}
