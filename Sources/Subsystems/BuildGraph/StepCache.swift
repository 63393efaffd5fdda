package import Essentials
internal import FoundationEssentials
package import GRDB

/// Remembers the results of steps in the engine's database.
package final class StepCache: Sendable {
    private let database: any DatabaseWriter

    package init(database: any DatabaseWriter) { self.database = database }

    package static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("BuildGraph-1-steps") { database in
            try database.create(table: "buildStep") { table in
                table.primaryKey("key", .text)
                table.column("scope", .text).notNull()
                table.column("stage", .text).notNull()
                table.column("position", .integer).notNull()
                table.column("keyword", .text).notNull()
                table.column("description", .text).notNull()
                table.column("ingredients", .blob).notNull()
                table.column("chainID", .text).notNull()
                table.column("diffID", .text).notNull()
                table.column("size", .integer).notNull()
                table.column("createdAt", .integer).notNull()
                table.column("lastUsedAt", .integer).notNull()
                table.column("useCount", .integer).notNull()
            }
            try database.create(index: "buildStepPlace", on: "buildStep", columns: ["keyword", "lastUsedAt"])
        }
        migrator.registerMigration("BuildGraph-2-durations") { database in
            try database.alter(table: "buildStep") { table in
                table.add(column: "milliseconds", .integer).notNull().defaults(to: 0)
                table.add(column: "layerTime", .integer)
            }
        }
        migrator.registerMigration("BuildGraph-3-shortcuts") { database in
            try database.create(table: "buildStepShortcut") { table in
                table.primaryKey("shortcut", .text)
                table.column("key", .text).notNull().references("buildStep", onDelete: .cascade)
            }
        }
    }

    /// The result for a key or a shortcut to one; nil when there is none.
    package func step(_ key: String) throws -> CachedStep? {
        try database.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT * FROM buildStep
                    WHERE key = ? OR key = (SELECT key FROM buildStepShortcut WHERE shortcut = ?) ORDER BY key = ? DESC LIMIT 1
                    """,
                arguments: [key, key, key]
            ).map(Self.decode)
        }
    }

    /// Remembers another key under which a result is found: one that is known before all that the result depends on was read.
    package func addShortcut(_ shortcut: String, to key: String) throws {
        try database.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO buildStepShortcut SELECT ?, key FROM buildStep WHERE key = ?",
                arguments: [shortcut, key]
            )
        }
    }

    /// Notes that a result was used.
    package func use(_ key: String, now: Timestamp) throws {
        try database.write { database in
            try database.execute(
                sql: "UPDATE buildStep SET lastUsedAt = ?, useCount = useCount + 1 WHERE key = ?",
                arguments: [now.nanoseconds, key])
        }
    }

    package func store(_ step: CachedStep) throws {
        let ingredients = try JSONEncoder().encode(step.ingredients)
        try database.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO buildStep VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    step.key, step.place.scope, step.place.stage, step.place.position, step.place.keyword, step.description,
                    ingredients, step.chainID, step.diffID, step.size, step.createdAt.nanoseconds, step.lastUsedAt.nanoseconds,
                    step.useCount, step.milliseconds, step.layerTime?.nanoseconds,
                ])
        }
    }

    package func remove(_ keys: some Sequence<String>) throws {
        try database.write { database in
            for key in keys { try database.execute(sql: "DELETE FROM buildStep WHERE key = ?", arguments: [key]) }
        }
    }

    /// The chain ids of all results.
    package func chainIDs() throws -> [String] {
        try database.read { try String.fetchAll($0, sql: "SELECT DISTINCT chainID FROM buildStep") }
    }

    /// All results, least recently used first.
    package func all() throws -> [CachedStep] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM buildStep ORDER BY lastUsedAt, key").map(Self.decode)
        }
    }

    /// What an explanation may compare with: earlier results of the same line, wherever it stood, and of the same place, whatever
    /// stood there; the likeliest first. Other lines of the same file are other steps, not earlier forms of this one.
    package func relatives(of place: StepKey.Place, description: String, limit: Int = 64) throws -> [CachedStep] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM buildStep
                    WHERE keyword = ? AND (description = ? OR (scope = ? AND stage = ? AND position = ?))
                    ORDER BY (scope = ? AND stage = ? AND position = ?) DESC, description = ? DESC, lastUsedAt DESC LIMIT ?
                    """,
                arguments: [
                    place.keyword, description, place.scope, place.stage, place.position, place.scope, place.stage, place.position,
                    description, limit,
                ]
            ).map(Self.decode)
        }
    }

    private static func decode(_ row: Row) throws -> CachedStep {
        let place = StepKey.Place(scope: row["scope"], stage: row["stage"], position: row["position"], keyword: row["keyword"])
        let data: Data = row["ingredients"]
        let ingredients = try JSONDecoder().decode([Ingredient].self, from: data)
        let key = StepKey(place: place, description: row["description"], ingredients: [])
        var step = CachedStep(
            key: key, chainID: row["chainID"], diffID: row["diffID"], size: row["size"],
            now: Timestamp(nanoseconds: row["createdAt"]))
        step.key = row["key"]
        step.ingredients = ingredients
        step.lastUsedAt = Timestamp(nanoseconds: row["lastUsedAt"])
        step.useCount = row["useCount"]
        step.milliseconds = row["milliseconds"]
        step.layerTime = (row["layerTime"] as Int64?).map { Timestamp(nanoseconds: $0) }
        return step
    }
}
