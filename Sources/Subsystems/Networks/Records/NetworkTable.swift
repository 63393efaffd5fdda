import FoundationEssentials
package import GRDB
import Logging

/// Networks and live endpoints in the database, one row each.
package struct NetworkTable: Sendable {
    let database: any DatabaseWriter

    package static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("networks-1") { database in
            try database.create(table: "network") { table in
                table.primaryKey("id", .text)
                table.column("name", .text).notNull().unique()
                table.column("body", .text).notNull()
            }
            try database.create(table: "networkEndpoint") { table in
                table.primaryKey("id", .text)
                table.column("networkID", .text).notNull()
                table.column("containerID", .text).notNull()
                table.column("body", .text).notNull()
                table.uniqueKey(["networkID", "containerID"])
            }
        }
    }

    func save(_ network: Network) throws {
        let body = try Self.encode(network)
        try database.write {
            try $0.execute(
                sql: "INSERT INTO network (id, name, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                arguments: [network.id, network.name, body])
        }
    }

    func deleteNetwork(_ id: String) throws {
        try database.write { try $0.cachedStatement(sql: "DELETE FROM network WHERE id = ?").execute(arguments: [id]) }
    }

    func save(_ endpoint: Endpoint) throws {
        let body = try Self.encode(endpoint)
        try database.write {
            try $0.cachedStatement(
                sql: """
                    INSERT INTO networkEndpoint (id, networkID, containerID, body) VALUES (?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET body = excluded.body
                    """
            ).execute(arguments: [endpoint.id, endpoint.networkID, endpoint.containerID, body])
        }
    }

    func deleteEndpoint(_ id: String) throws {
        try database.write { try $0.cachedStatement(sql: "DELETE FROM networkEndpoint WHERE id = ?").execute(arguments: [id]) }
    }

    func networks(logger: Logger) throws -> [Network] { try load(Network.self, from: "network", logger: logger) }
    func endpoints(logger: Logger) throws -> [Endpoint] { try load(Endpoint.self, from: "networkEndpoint", logger: logger) }

    /// Rows that cannot be read stay where they are and are reported.
    private func load<Record: Decodable>(_ type: Record.Type, from table: String, logger: Logger) throws -> [Record] {
        try database.read { try Row.fetchAll($0, sql: "SELECT id, body FROM \(table) ORDER BY rowid") }.compactMap { row in
            let id: String = row["id"]
            let body: String = row["body"]
            do {
                return try JSONDecoder().decode(type, from: Data(body.utf8))
            } catch {
                logger.error(
                    "record left aside: it cannot be read", metadata: ["table": "\(table)", "id": "\(id)", "error": "\(error)"])
                return nil
            }
        }
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
