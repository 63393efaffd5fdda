internal import Essentials
internal import FoundationEssentials
internal import OCI

internal import struct Crypto.SHA256

/// The records of the steps whose layers an image has, as its configuration holds them. Source: ``BuildCacheConfig``.
enum InlineCache {
    /// JSON in base64; nil when no step gave a layer of the image.
    static func text(_ steps: [ExportedStep], diffIDs: [OCI.Digest]) throws -> String? {
        var places: [OCI.Digest: Int] = [:]
        var below: OCI.Digest?
        for (place, diffID) in diffIDs.enumerated() {
            let chain = below.map { OCI.Digest(sha256: SHA256.hash(data: Array("\($0) \(diffID)".utf8))) } ?? diffID
            places[chain] = place
            below = chain
        }
        let records = CacheRecords.make(steps) { step in
            let time = step.createdAt.rfc3339
            if let place = places[step.chainID] { return .layers(.init(layer: place, createdAt: time)) }
            // A layer that was made on nothing is one of the image's by itself.
            guard step.chainID == step.diffID, let place = diffIDs.firstIndex(of: step.diffID) else { return nil }
            return .chain(.init(layers: [place], createdAt: time))
        }
        guard !records.isEmpty else { return nil }
        return Data(try encoder.encode(records)).base64EncodedString()
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
