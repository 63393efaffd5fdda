package import Essentials
internal import GRDB
package import OCI

internal import struct Crypto.SHA256

/// An unpacked layer: one directory below the layers directory.
package struct Layer: Sendable, Hashable {
    /// Names this layer on top of all below it. Source: OCI image-spec, config, Layer ChainID.
    package let chainID: Digest
    /// Digest of the layer's uncompressed tar.
    package let diffID: Digest
    /// Chain id of the layer below.
    package let parent: Digest?
    /// Names the directory.
    package let number: Int64
    /// Bytes of its files.
    package let size: Int64
    /// Bytes of its uncompressed tar.
    package let tarSize: Int64
    package let createdAt: Timestamp
    /// The compressed form it came in, for layers pulled or loaded.
    package let blob: Descriptor?
}

extension Layer {
    /// - Parameter parent: chain id of the layer below, nil for the first.
    package static func chainID(_ diffID: Digest, on parent: Digest?) -> Digest {
        guard let parent else { return diffID }
        return Digest(sha256: SHA256.hash(data: Array("\(parent) \(diffID)".utf8)))
    }

    /// Chain ids for a list of diff ids, lowest first.
    package static func chainIDs(_ diffIDs: [Digest]) -> [Digest] {
        var result: [Digest] = []
        for diffID in diffIDs { result.append(chainID(diffID, on: result.last)) }
        return result
    }

    init(_ row: Row) throws {
        chainID = try Digest(row["chainID"])
        diffID = try Digest(row["diffID"])
        parent = try (row["parent"] as String?).map { try Digest($0) }
        number = row["number"]
        size = row["size"]
        tarSize = row["tarSize"]
        createdAt = Timestamp(nanoseconds: row["createdAt"])
        if let digest = row["blobDigest"] as String?, let size = row["blobSize"] as Int64?, let type = row["blobType"] as String? {
            blob = Descriptor(mediaType: type, digest: try Digest(digest), size: size)
        } else {
            blob = nil
        }
    }

    static func fetchAll(_ db: Database) throws -> [Layer] {
        try Row.fetchAll(db, sql: "SELECT * FROM imageLayers").map { try Layer($0) }
    }

    static func fetch(_ db: Database, chainID: Digest) throws -> Layer? {
        let statement = try db.cachedStatement(sql: "SELECT * FROM imageLayers WHERE chainID = ?")
        return try Row.fetchOne(statement, arguments: [chainID.description]).map { try Layer($0) }
    }

    /// The numbers of the layer and all below it, topmost first.
    static func fetchNumbers(_ db: Database, top: Digest?) throws -> [Int64] {
        guard let top else { return [] }
        let statement = try db.cachedStatement(
            sql: """
                WITH RECURSIVE chain (depth, number, below) AS (
                    SELECT 0, number, parent FROM imageLayers WHERE chainID = ? UNION ALL
                    SELECT depth + 1, imageLayers.number, parent FROM chain JOIN imageLayers ON chainID = below)
                SELECT number, below FROM chain ORDER BY depth
                """)
        var numbers: [Int64] = []
        var missing: String? = top.description
        let rows = try Row.fetchCursor(statement, arguments: [top.description])
        while let row = try rows.next() {
            numbers.append(row[0])
            missing = row[1]
        }
        // The last has nothing below it, unless a record is missing.
        if let missing { throw GantryError.notFound("no such layer: \(missing)") }
        return numbers
    }

    /// The layer and all below it, topmost first.
    static func fetchChain(_ db: Database, top: Digest?) throws -> [Layer] {
        guard let top else { return [] }
        let statement = try db.cachedStatement(
            sql: """
                WITH RECURSIVE chain (depth, id) AS (
                    VALUES (0, ?) UNION ALL
                    SELECT depth + 1, parent FROM chain JOIN imageLayers ON chainID = id WHERE parent IS NOT NULL)
                SELECT imageLayers.* FROM chain JOIN imageLayers ON chainID = id ORDER BY depth
                """)
        let layers = try Row.fetchAll(statement, arguments: [top.description]).map { try Layer($0) }
        // The last has nothing below it, unless a record is missing.
        let missing = layers.isEmpty ? top : layers[layers.count - 1].parent
        if let missing { throw GantryError.notFound("no such layer: \(missing)") }
        return layers
    }
}
