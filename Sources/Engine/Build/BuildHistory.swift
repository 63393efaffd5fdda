import Essentials
import FoundationEssentials
import GRDB

/// The last builds in the engine's database: steps with times and causes, and what was printed.
final class BuildHistory: Sendable {
    /// Builds that are kept.
    private static let kept = 200
    private let database: any DatabaseWriter

    /// What an earlier daemon was building when it ended is no longer running.
    init(database: any DatabaseWriter) throws {
        self.database = database
        for var entry in try list() where entry.status == .running {
            entry.status = .cancelled
            entry.error = "the daemon ended during the build"
            try store(entry, log: try log(entry.id))
        }
    }

    static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("engine-builds-1") { database in
            try database.create(table: "buildHistory") { table in
                table.primaryKey("id", .text)
                table.column("startedAt", .integer).notNull().indexed()
                table.column("entry", .blob).notNull()
                table.column("log", .text).notNull()
            }
        }
    }

    func store(_ entry: BuildHistoryEntry, log: String) throws {
        let bytes = try JSONEncoder().encode(entry)
        try database.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO buildHistory VALUES (?, ?, ?, ?)",
                arguments: [entry.id, entry.startedAt.nanoseconds, bytes, log])
            try database.execute(
                sql: "DELETE FROM buildHistory WHERE id NOT IN (SELECT id FROM buildHistory ORDER BY startedAt DESC LIMIT ?)",
                arguments: [Self.kept])
        }
    }

    /// Newest first.
    func list() throws -> [BuildHistoryEntry] {
        try database.read { try Data.fetchAll($0, sql: "SELECT entry FROM buildHistory ORDER BY startedAt DESC, id") }
            .map { try JSONDecoder().decode(BuildHistoryEntry.self, from: $0) }
    }

    /// By the beginning of its id, or the newest for an empty text.
    /// - Throws: `notFound`, or `invalid` when several begin so.
    func find(_ text: String) throws -> BuildHistoryEntry {
        let all = try list()
        if text.isEmpty, let newest = all.first { return newest }
        let found = all.filter { !text.isEmpty && $0.id.hasPrefix(text) }
        guard let first = found.first else { throw GantryError.notFound("no build `\(text)` in the history") }
        guard found.count == 1 else { throw GantryError.invalid("several builds begin with `\(text)`") }
        return first
    }

    func log(_ id: String) throws -> String {
        try database.read { try String.fetchOne($0, sql: "SELECT log FROM buildHistory WHERE id = ?", arguments: [id]) } ?? ""
    }
}
