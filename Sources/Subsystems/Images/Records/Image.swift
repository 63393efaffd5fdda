package import Essentials
internal import FoundationEssentials
internal import GRDB
package import OCI

/// An image as the store knows it.
package struct Image: Sendable, Hashable {
    /// Digest of the configuration's bytes.
    package let id: Digest
    package let config: ImageConfig
    /// The exact bytes that the id is the digest of.
    package let configBytes: [UInt8]
    /// The manifest it was pulled with.
    package let manifest: [UInt8]?
    package let parent: Digest?
    /// Names with tags, sorted.
    package let references: [Reference]
    /// Names with the digest of a manifest, sorted.
    package let repoDigests: [Reference]
    /// Lowest first.
    package let layers: [Layer]
    package let addedAt: Timestamp
    package let taggedAt: Timestamp?

    /// Chain id of the topmost layer; nil for an image without layers.
    package var topLayer: Digest? { layers.last?.chainID }
    /// Bytes of the files of all layers.
    package var size: Int64 { layers.reduce(0) { $0 + $1.size } }
    /// What the configuration says.
    package var createdAt: Timestamp? { config.created.flatMap { Timestamp(rfc3339: $0) } }
}

/// What a removal did, in order.
package enum ImageRemoval: Sendable, Hashable {
    case untagged(String)
    /// An image's id or a layer's chain id.
    case deleted(Digest)
}

/// Containers by the image they were made from.
package struct ImageUsage: Sendable {
    package struct Container: Sendable, Hashable {
        package let id: String
        package let isRunning: Bool

        package init(id: String, isRunning: Bool) {
            self.id = id
            self.isRunning = isRunning
        }
    }

    package var containers: [Digest: [Container]]

    package init(_ containers: [Digest: [Container]] = [:]) { self.containers = containers }
}

/// A step of an image's history, newest first.
package struct HistoryEntry: Sendable, Hashable {
    /// nil is shown as `<missing>`.
    package let id: Digest?
    package let createdAt: Timestamp?
    package let createdBy: String
    package let comment: String
    package let size: Int64
    package let tags: [Reference]
}

package struct ImageDiskUsage: Sendable {
    package struct Entry: Sendable {
        package let image: Image
        /// Bytes of layers that other images have too.
        package let sharedSize: Int64
        package var uniqueSize: Int64 { image.size - sharedSize }
    }

    package let images: [Entry]
    /// Bytes of all layers of all images, each counted once.
    package let layersSize: Int64
}

/// Reads and writes configurations, manifests and indexes.
enum ImageJSON {
    /// Anything bigger is no configuration, manifest or index.
    static let maximumBytes = 8 << 20

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ what: String) throws(GantryError) -> Value {
        guard bytes.count <= maximumBytes else {
            throw .invalid("\(what) has \(bytes.count) bytes, expected at most \(maximumBytes)")
        }
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .invalid("invalid \(what)", cause: error) }
    }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
