internal import FoundationEssentials
internal import GRDB
package import OCI

extension ImageStore {
    /// Makes a name that stands for the list's main image a name of the whole list. It ends with the name, and when the name
    /// moves to another image. Does nothing when the name stands for something else by now: somebody has just taken it.
    package func setList(_ list: ImageList, as reference: Reference) throws {
        let name = reference.withDefaultTag.canonical
        let members = try JSONEncoder().encode(list.members)
        try database.write { db in
            let image = try String.fetchOne(db, sql: "SELECT image FROM imageReferences WHERE name = ?", arguments: [name])
            guard image == list.main.description else { return }
            try db.execute(
                sql: "INSERT OR REPLACE INTO imageLists (name, main, members, details) VALUES (?, ?, ?, ?)",
                arguments: [name, list.main.description, members, list.details])
        }
    }

    /// The list of a name; nil where the name stands for one image.
    package func list(named reference: Reference) throws -> ImageList? {
        let name = reference.withDefaultTag.canonical
        let row = try database.read { try Row.fetchOne($0, sql: "SELECT * FROM imageLists WHERE name = ?", arguments: [name]) }
        return try row.map { row in
            ImageList(members: try Self.members(row), main: try Digest(row["main"] as String), details: row["details"])
        }
    }

    /// Images that are here because a name stands for a list with them, and one such name for each.
    package func listedImages() throws -> [Digest: Reference] {
        let rows = try database.read { try Row.fetchAll($0, sql: "SELECT name, members FROM imageLists ORDER BY name") }
        var result: [Digest: Reference] = [:]
        for row in rows {
            for member in try Self.members(row) where result[member.image] == nil {
                result[member.image] = try Reference(row["name"])
            }
        }
        return result
    }

    private static func members(_ row: Row) throws -> [ImageList.Member] {
        try JSONDecoder().decode([ImageList.Member].self, from: row["members"] as Data)
    }
}
