import Essentials
import GRDB
import Logging

/// Containers in the database, one row each; the row changes in the same transaction as what it describes.
struct ContainerTable: Sendable {
    let database: any DatabaseWriter

    static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("engine-containers-1") { database in
            try database.create(table: "container") { table in
                table.primaryKey("id", .text)
                table.column("name", .text).notNull().unique()
                table.column("createdAt", .integer).notNull()
                table.column("body", .text).notNull()
            }
            try database.create(table: "engineSetting") { table in
                table.primaryKey("name", .text)
                table.column("value", .text).notNull()
            }
            try database.create(table: "unreadableRecord") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("kind", .text).notNull()
                table.column("key", .text).notNull()
                table.column("body", .text).notNull()
                table.column("reason", .text).notNull()
            }
        }
    }

    /// - Throws: the database's error when the name is taken by another container.
    func save(_ record: ContainerRecord) throws {
        let body = try RecordCoding.encode(record)
        try database.write { database in
            try database.cachedStatement(
                sql: """
                    INSERT INTO container (id, name, createdAt, body) VALUES (?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body
                    """
            ).execute(arguments: [record.id, record.name, record.createdAt.nanoseconds, body])
        }
    }

    func delete(_ id: String) throws {
        try database.write { try $0.cachedStatement(sql: "DELETE FROM container WHERE id = ?").execute(arguments: [id]) }
    }

    /// All records, oldest first. One that cannot be read is set aside in a table of its own and reported, never dropped.
    func loadAll(logger: Logger) throws -> [ContainerRecord] {
        let rows = try database.read { try Row.fetchAll($0, sql: "SELECT id, body FROM container ORDER BY createdAt") }
        return try rows.compactMap { row in
            let id: String = row["id"]
            let body: String = row["body"]
            do {
                return try RecordCoding.decode(ContainerRecord.self, from: body)
            } catch {
                logger.error(
                    "container record set aside: it cannot be read", metadata: ["container": "\(id)", "error": "\(error)"])
                try database.write { database in
                    try database.execute(
                        sql: "INSERT INTO unreadableRecord (kind, key, body, reason) VALUES ('container', ?, ?, ?)",
                        arguments: [id, body, "\(error)"])
                    try database.cachedStatement(sql: "DELETE FROM container WHERE id = ?").execute(arguments: [id])
                }
                return nil
            }
        }
    }

    /// A setting of the engine itself, made by `make` the first time.
    func setting(_ name: String, make: () -> String) throws -> String {
        try database.write { database in
            if let value = try String.fetchOne(database, sql: "SELECT value FROM engineSetting WHERE name = ?", arguments: [name]) {
                return value
            }
            let value = make()
            try database.execute(sql: "INSERT INTO engineSetting (name, value) VALUES (?, ?)", arguments: [name, value])
            return value
        }
    }
}
