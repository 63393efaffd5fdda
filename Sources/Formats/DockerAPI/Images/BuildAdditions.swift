/// What our own command line asks of `POST /build` beyond Docker's parameters: JSON in base64, in the header ``headerName``.
///
/// Descriptors are numbers in the client's process: the daemon takes copies of them through the kernel, so it gets at nothing
/// that the client has not opened. They need a client of the same user on the same machine.
package struct BuildAdditions: Codable, Sendable, Hashable {
    package static let headerName = "X-Gantry-Build"
    /// Part of the daemon's answer when it cannot take descriptors: the client then sends what it has.
    package static let descriptorsRefused = "descriptors of this client cannot be taken"

    /// An open file of the client's process, with what it is, so that a forwarded connection is noticed: what stands behind
    /// the number there is another file.
    package struct Descriptor: Codable, Sendable, Hashable {
        package var number: Int32
        package var device: UInt64
        package var inode: UInt64

        package init(number: Int32, device: UInt64, inode: UInt64) {
            self.number = number
            self.device = device
            self.inode = inode
        }
    }

    /// `--build-context name=…`.
    package struct NamedContext: Codable, Sendable, Hashable {
        package enum Kind: String, Codable, Sendable { case directory, layout, image, remote }

        package var name: String
        package var kind: Kind
        /// An image's name, an address, or the tag or digest wanted of a layout.
        package var value: String
        /// Of the opened folder.
        package var descriptor: Descriptor?
        /// The rules of the folder's ignore file.
        package var ignoreRules: String?

        package init(name: String, kind: Kind, value: String) {
            self.name = name
            self.kind = kind
            self.value = value
        }
    }

    /// Of the client, when there are descriptors.
    package var processID: Int32?
    /// Of the opened context, in place of the request's body.
    package var contextDescriptor: Descriptor?
    /// The context's folder, for the record of the build.
    package var contextPath: String?
    /// Text of a Dockerfile that is not in the context.
    package var dockerfileText: String?
    /// Rules in place of the context's own ignore file.
    package var ignoreRules: String?
    package var contexts: [NamedContext]?
    /// By id, in base64.
    package var secrets: [String: String]?
    /// Descriptors of the sockets of ssh agents, by id.
    package var agents: [String: Descriptor]?
    /// `network.host`, `security.insecure`.
    package var allow: [String]?
    package var noCacheFilter: [String]?
    /// Several; one alone stands in the query.
    package var platforms: [String]?
    /// Forms in which the result is wanted beside the store's own.
    package var exports: [Export]?
    package var attestations: [Attestation]?
    /// Build everything, make no image.
    package var discardsImage: Bool?
    /// Nothing of the result is asked for either: only the cache is filled.
    package var discardsResult: Bool?
    /// `check`, `outline` or `targets` in place of a build.
    package var call: String?
    /// Paths in the context that count as changed: what would be built again is told, and nothing is built.
    package var whatIf: [String]?
    package var cacheFrom: [BuildCacheOption]?
    package var cacheTo: [BuildCacheOption]?
    /// Keep what a failed RUN left, for ``BuildEventMessage/Kind/entrance``.
    package var keepsFailedStep: Bool?

    package init() {}

    /// True when there is nothing to send.
    package var isEmpty: Bool { self == BuildAdditions() }

    package func headerValue() throws -> String { Base64.encodeURL(try EngineJSON.encode(self)) }

    /// Reads a header; nil when it is none of ours.
    package init?(headerValue: String) {
        guard let bytes = Base64.decode(headerValue), let value = try? EngineJSON.decode(BuildAdditions.self, from: bytes) else {
            return nil
        }
        self = value
    }
}
