internal import Essentials
internal import FoundationEssentials
internal import GRDB
package import OCI

extension ImageStore {
    /// Makes a name that stands for the list's main image a name of the whole list. It ends with the name, and when the name
    /// moves to another image.
    /// - Throws: `conflict` when the name stands for something else.
    package func setList(_ list: ImageList, as reference: Reference) throws {
        let name = reference.withDefaultTag.canonical
        let document = try JSONEncoder().encode(list)
        try database.write { db in
            let image = try String.fetchOne(db, sql: "SELECT image FROM imageReferences WHERE name = ?", arguments: [name])
            guard image == list.main.description else {
                throw GantryError.conflict("the name \(reference.familiar) stands for another image by now")
            }
            try db.execute(sql: "INSERT OR REPLACE INTO imageLists (name, document) VALUES (?, ?)", arguments: [name, document])
        }
    }

    /// The list of a name; nil where the name stands for one image.
    package func list(named reference: Reference) throws -> ImageList? {
        try database.read { db in
            try Data.fetchOne(
                db, sql: "SELECT document FROM imageLists WHERE name = ?", arguments: [reference.withDefaultTag.canonical])
        }.map { try JSONDecoder().decode(ImageList.self, from: $0) }
    }

    /// Images that are here because a name stands for a list with them, and one such name for each.
    package func listedImages() throws -> [Digest: Reference] {
        let rows = try database.read { try Row.fetchAll($0, sql: "SELECT name, document FROM imageLists ORDER BY name") }
        var result: [Digest: Reference] = [:]
        for row in rows {
            let list = try JSONDecoder().decode(ImageList.self, from: row["document"] as Data)
            for member in list.members where result[member.image] == nil { result[member.image] = try Reference(row["name"]) }
        }
        return result
    }
}
