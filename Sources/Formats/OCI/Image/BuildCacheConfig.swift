package import Essentials

/// What a build cache holds, in BuildKit's form: layers, and which results of steps they are.
///
/// A layer names the one below it by its place in the list; -1 is none, and a place that is not written is 0. A record's inputs are
/// the records that its step stands on. Source: moby/buildkit, cache/remotecache/v1/types, `application/vnd.buildkit.cacheconfig.v0`;
/// in an image's configuration the records alone are the member `moby.buildkit.cache.v0`, as JSON in base64, and its layers are the
/// image's.
package struct BuildCacheConfig: Sendable, Hashable, Codable {
    package static let mediaType = "application/vnd.buildkit.cacheconfig.v0"
    /// Of a layer's descriptor: its diff id. Source: containerd, labels, LabelUncompressed.
    package static let diffIDAnnotation = "containerd.io/uncompressed"
    /// Of a layer's descriptor: when it was made.
    package static let createdAnnotation = "buildkit/createdat"

    package var layers: [Layer] = []
    package var records: [Record] = []

    package struct Layer: Sendable, Hashable, Codable {
        package var blob: Digest
        package var parent: Int

        package init(blob: Digest, parent: Int) {
            self.blob = blob
            self.parent = parent
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            blob = try container.decode(Digest.self, forKey: .blob)
            parent = try container.decodeIfPresent(Int.self, forKey: .parent) ?? 0
        }
    }

    package struct Record: Sendable, Hashable, Codable {
        package var digest: String
        /// The step that was done is one of a group for each input.
        package var inputs: [[Input]]
        /// Each with all layers below it.
        package var results: [Result]
        /// Each of layers that stand alone in the list.
        package var chains: [Chain]

        enum CodingKeys: String, CodingKey {
            case digest, inputs, chains
            case results = "layers"
        }

        package init(digest: String, inputs: [[Input]] = [], results: [Result] = [], chains: [Chain] = []) {
            self.digest = digest
            self.inputs = inputs
            self.results = results
            self.chains = chains
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            digest = try container.decodeIfPresent(String.self, forKey: .digest) ?? ""
            inputs = try container.decodeIfPresent([[Input]].self, forKey: .inputs) ?? []
            results = try container.decodeIfPresent([Result].self, forKey: .results) ?? []
            chains = try container.decodeIfPresent([Chain].self, forKey: .chains) ?? []
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(digest, forKey: .digest)
            if !inputs.isEmpty { try container.encode(inputs, forKey: .inputs) }
            if !results.isEmpty { try container.encode(results, forKey: .results) }
            if !chains.isEmpty { try container.encode(chains, forKey: .chains) }
        }
    }

    package struct Input: Sendable, Hashable, Codable {
        package var selector: String?
        package var link: Int

        package init(link: Int) { self.link = link }
    }

    package struct Result: Sendable, Hashable, Codable {
        package var layer: Int
        /// RFC 3339.
        package var createdAt: String?

        package init(layer: Int, createdAt: String?) {
            self.layer = layer
            self.createdAt = createdAt
        }
    }

    package struct Chain: Sendable, Hashable, Codable {
        package var layers: [Int]
        package var createdAt: String?

        package init(layers: [Int], createdAt: String?) {
            self.layers = layers
            self.createdAt = createdAt
        }
    }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        layers = try container.decodeIfPresent([Layer].self, forKey: .layers) ?? []
        records = try container.decodeIfPresent([Record].self, forKey: .records) ?? []
    }
}

extension BuildCacheConfig {
    /// The first result of a record as places in ``layers``, lowest first; nil for a record without a result.
    /// - Throws: `invalid` for a place that is none, or layers that stand on themselves.
    package func result(of record: Record) throws(GantryError) -> (layers: [Int], createdAt: String?)? {
        if let result = record.results.first { return (try chain(endingIn: result.layer), result.createdAt) }
        guard let chain = record.chains.first else { return nil }
        for place in chain.layers { try check(place) }
        return (chain.layers, chain.createdAt)
    }

    private func chain(endingIn top: Int) throws(GantryError) -> [Int] {
        var places: [Int] = []
        var next = top
        while next != -1 {
            try check(next)
            guard places.count < layers.count else { throw .invalid("layer \(top) of the build cache stands on itself") }
            places.append(next)
            next = layers[next].parent
        }
        return places.reversed()
    }

    private func check(_ place: Int) throws(GantryError) {
        guard layers.indices.contains(place) else {
            throw .invalid("the build cache names layer \(place) of \(layers.count)")
        }
    }
}
