package import Essentials
package import OCI

/// Results of steps that other machines have made, and what is made here for them.
///
/// Layers come lazily: a result counts as found when its record is there, and its layers are fetched when something is to stand on
/// them or to read them. A source whose layers then cannot be had is given up, and the build begins anew without it.
package protocol CacheExchange: Sendable {
    /// Reads the records of all sources; one that cannot be read is a warning.
    func open(tell: @escaping @Sendable (BuildEvent) -> Void) async throws
    /// The result for a step's key.
    func step(_ key: String) -> ImportedStep?
    /// The result of the next step of an image that was named as a source and whose history goes on with `line`.
    func step(after config: ImageConfig, line: String) -> ImportedStep?
    /// Bytes of the topmost layer of a chain; nil when it is not here.
    func layerSize(_ chainID: Digest) throws -> Int64?
    /// Fetches what is missing of a chain of layers.
    func bring(_ chainID: Digest) async throws
    /// Ends what is being fetched and waits for its end; what is asked for afterwards is fetched anew.
    func cancel() async
    /// True when a source was found out to be broken since ``giveUpBroken()`` was called last.
    var hasBroken: Bool { get }
    /// Forgets the sources found out to be broken.
    /// - Returns: a sentence for each.
    func giveUpBroken() -> [String]
    /// The image's configuration is to hold the records of its layers.
    var wantsInline: Bool { get }
    /// Hands over what was made and found.
    /// - Parameters:
    ///   - steps: each after those it stands on.
    ///   - result: keys of the steps whose layers the result has.
    func export(
        _ steps: [ExportedStep], result: [String], tell: @escaping @Sendable (BuildEvent) -> Void
    ) async throws
}

/// A step's result that came from elsewhere.
package struct ImportedStep: Sendable {
    package var chainID: Digest
    package var diffID: Digest
    /// The time that an image's history gives for it.
    package var createdAt: Timestamp
    /// Other keys under which the source has it.
    package var otherKeys: [String] = []
    /// `registry registry.example/app:cache`
    package var origin: String

    package init(chainID: Digest, diffID: Digest, createdAt: Timestamp, origin: String) {
        self.chainID = chainID
        self.diffID = diffID
        self.createdAt = createdAt
        self.origin = origin
    }
}

/// A step's result as others may use it.
package struct ExportedStep: Sendable, Hashable {
    /// 64 hexadecimal digits.
    package var key: String
    /// Under which it is found too.
    package var otherKeys: [String]
    /// Key of the step whose result it stands on; nil for a base image and for what stands on nothing.
    package var parent: String?
    /// As it was made: a layer of `COPY --link` stands on nothing.
    package var chainID: Digest
    package var diffID: Digest
    package var createdAt: Timestamp

    package init(key: String, otherKeys: [String], parent: String?, chainID: Digest, diffID: Digest, createdAt: Timestamp) {
        self.key = key
        self.otherKeys = otherKeys
        self.parent = parent
        self.chainID = chainID
        self.diffID = diffID
        self.createdAt = createdAt
    }
}
