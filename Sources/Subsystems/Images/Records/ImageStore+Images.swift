internal import Essentials
internal import FoundationEssentials
internal import GRDB
package import OCI

internal import struct Crypto.SHA256

extension ImageStore {
    // MARK: Making

    /// Records an image whose layers are all here; one that is known already stays as it is.
    /// - Throws: `invalid` for a malformed configuration or too many layers, `notFound` for a layer that is missing.
    package func createImage(configBytes: [UInt8], manifest: [UInt8]? = nil, parent: Digest? = nil) throws -> Image {
        let config = try ImageJSON.decode(ImageConfig.self, configBytes, "image configuration")
        let diffIDs = config.rootfs.diffIDs
        guard diffIDs.count <= Self.maximumLayers else {
            throw GantryError.invalid(
                "max depth exceeded: image has \(diffIDs.count) layers, expected at most \(Self.maximumLayers)")
        }
        let id = Digest(sha256: SHA256.hash(data: configBytes))
        let top = Layer.chainIDs(diffIDs).last
        return try database.write { db in
            _ = try Layer.fetchChain(db, top: top)
            try db.execute(
                sql: """
                    INSERT INTO images (id, config, manifest, parent, topLayer, addedAt) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET manifest = coalesce(excluded.manifest, manifest), parent = coalesce(parent, excluded.parent)
                    """,
                arguments: [
                    id.description, Data(configBytes), manifest.map { Data($0) }, parent?.description, top?.description,
                    Timestamp.now().nanoseconds,
                ])
            guard let image = try Self.fetch(db, id: id) else {
                throw GantryError.internal("image `\(id)` vanished while it was recorded")
            }
            return image
        }
    }

    /// Encodes the configuration with sorted keys, so that equal images have equal ids.
    package func createImage(config: ImageConfig, parent: Digest? = nil) throws -> Image {
        try createImage(configBytes: ImageJSON.encode(config), parent: parent)
    }

    // MARK: Finding

    /// Newest first.
    package func list() throws -> [Image] {
        try database.read { db in
            try String.fetchAll(db, sql: "SELECT id FROM images").compactMap { try Self.fetch(db, id: Digest($0)) }
        }.sorted { ($0.createdAt ?? $0.addedAt, $0.id.description) > ($1.createdAt ?? $1.addedAt, $1.id.description) }
    }

    package func image(id: Digest) throws -> Image? { try database.read { try Self.fetch($0, id: id) } }

    /// Finds by full id, name with tag (default `latest`), name with digest, or the beginning of an id.
    /// - Throws: `notFound` and `invalid` with Docker's words.
    package func image(_ name: String) throws -> Image { try database.read { try Self.find($0, name) } }

    static func find(_ db: Database, _ name: String) throws -> Image {
        let bare = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        if Identifier.isFull(bare) {
            if let image = try fetch(db, id: Digest("sha256:" + bare)) { return image }
            throw GantryError.notFound("No such image: \(name)")
        }
        let reference = Result { try Reference(name).withDefaultTag }
        if case .success(let reference) = reference, let image = try find(db, reference) { return image }
        if !bare.isEmpty, bare.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }) {
            let ids = try String.fetchAll(db, sql: "SELECT id FROM images WHERE id LIKE ? LIMIT 2", arguments: ["sha256:\(bare)%"])
            if ids.count == 1, let image = try fetch(db, id: Digest(ids[0])) { return image }
        }
        throw GantryError.notFound("No such image: \(try reference.get().familiar)")
    }

    private static func find(_ db: Database, _ reference: Reference) throws -> Image? {
        if let digest = reference.digest {
            var wanted = reference
            wanted.tag = nil
            let id = try String.fetchOne(db, sql: "SELECT image FROM imageReferences WHERE name = ?", arguments: [wanted.canonical])
            // Docker takes an image's id as a digest too, as long as it has a name in that repository.
            let image = try fetch(db, id: id.map { try Digest($0) } ?? digest)
            guard id == nil else { return image }
            return image?.references.contains { $0.repository == reference.repository } == true ? image : nil
        }
        guard
            let id = try String.fetchOne(
                db, sql: "SELECT image FROM imageReferences WHERE name = ?", arguments: [reference.canonical])
        else { return nil }
        return try fetch(db, id: Digest(id))
    }

    static func fetch(_ db: Database, id: Digest) throws -> Image? {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM images WHERE id = ?", arguments: [id.description]) else {
            return nil
        }
        let configBytes = Array(row["config"] as Data)
        let names = try Row.fetchAll(
            db, sql: "SELECT name, isDigest FROM imageReferences WHERE image = ? ORDER BY name", arguments: [id.description])
        let tags = try names.filter { !($0["isDigest"] as Bool) }.map { try Reference($0["name"]) }
        let digests = try names.filter { $0["isDigest"] }.map { try Reference($0["name"]) }
        return Image(
            id: id, config: try ImageJSON.decode(ImageConfig.self, configBytes, "image configuration"), configBytes: configBytes,
            manifest: (row["manifest"] as Data?).map { Array($0) }, parent: try (row["parent"] as String?).map { try Digest($0) },
            references: tags, repoDigests: digests,
            layers: try Layer.fetchChain(db, top: (row["topLayer"] as String?).map { try Digest($0) }).reversed(),
            addedAt: Timestamp(nanoseconds: row["addedAt"]),
            taggedAt: (row["taggedAt"] as Int64?).map { Timestamp(nanoseconds: $0) })
    }

    // MARK: Naming

    /// Gives the image a name; a name of another image moves to this one.
    /// - Throws: `invalid` for a name with a digest.
    package func tag(_ image: Digest, as reference: Reference) throws {
        guard reference.digest == nil else { throw GantryError.invalid("refusing to create a tag with a digest reference") }
        if reference.familiarRepository == "sha256" {
            throw GantryError.invalid("refusing to create an ambiguous tag using digest algorithm as name")
        }
        try setName(reference.withDefaultTag, image, isDigest: false)
    }

    /// Takes a name away; the image stays.
    package func untag(_ reference: Reference) throws {
        try database.write {
            let name = reference.withDefaultTag.canonical
            try $0.execute(sql: "DELETE FROM imageReferences WHERE name = ?", arguments: [name])
            try $0.execute(sql: "DELETE FROM imageLists WHERE name = ?", arguments: [name])
        }
    }

    /// Records under which digest a registry knows the image: `repository@digest`.
    package func setRepoDigest(_ reference: Reference, manifestDigest: Digest, image: Digest) throws {
        try setName(Reference(domain: reference.domain, path: reference.path, digest: manifestDigest), image, isDigest: true)
    }

    private func setName(_ reference: Reference, _ image: Digest, isDigest: Bool) throws {
        try database.write { db in
            guard
                try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM images WHERE id = ?)", arguments: [image.description])
                    == true
            else {
                throw GantryError.notFound("No such image: \(image)")
            }
            try db.execute(
                sql:
                    "INSERT INTO imageReferences (name, image, isDigest) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET image = excluded.image",
                arguments: [reference.canonical, image.description, isDigest])
            try db.execute(sql: "DELETE FROM imageLists WHERE name = ?", arguments: [reference.canonical])
            try db.execute(
                sql: "UPDATE images SET taggedAt = ? WHERE id = ?", arguments: [Timestamp.now().nanoseconds, image.description])
        }
    }
}
