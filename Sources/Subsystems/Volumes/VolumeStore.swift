internal import Essentials
import FoundationEssentials
package import GRDB
internal import LinuxSystem
package import Logging

/// All volumes of this host. Calls block shortly; ``size(_:)`` walks the volume's files.
package final class VolumeStore: Sendable {
    let database: any DatabaseWriter
    /// `<data root>/volumes`.
    let directory: String
    let logger: Logger

    package init(database: any DatabaseWriter, dataRoot: String, logger: Logger) throws {
        self.database = database
        directory = "\(dataRoot)/volumes"
        self.logger = logger
        try FileSystem.makeDirectories(directory, mode: 0o701)
    }

    package static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("volumes-1") { database in
            try database.create(table: "volume") { table in
                table.primaryKey("name", .text)
                table.column("body", .text).notNull()
            }
            try database.create(table: "volumeReference") { table in
                table.column("volume", .text).notNull().indexed()
                table.column("container", .text).notNull().indexed()
                table.column("destination", .text).notNull()
                table.primaryKey(["volume", "container", "destination"])
            }
        }
    }

    /// The directory that containers see.
    package func mountpoint(_ name: String) -> String { "\(directory)/\(name)/_data" }

    /// Makes a volume, or answers the one of this name and driver.
    /// - Parameter name: nil or empty makes an anonymous one.
    /// - Throws: Docker's words for bad names, drivers and options.
    package func create(
        name: String?, driver: String = "local", options: [String: String] = [:], labels: [String: String] = [:]
    ) throws -> Volume {
        var labels = labels
        let chosen: String
        if let name, !name.isEmpty {
            chosen = name
        } else {
            chosen = Identifier.random()
            labels[Volume.anonymousLabel] = ""
        }
        try VolumeName.check(chosen)
        guard driver == "local" || driver.isEmpty else {
            throw GantryError.notFound("create \(chosen): error looking up volume plugin \(driver): plugin \"\(driver)\" not found")
        }
        if let existing = try find(chosen) { return existing }
        try LocalOptions.check(options, volume: chosen)
        let volume = Volume(name: chosen, driver: "local", createdAt: .now(), labels: labels, options: options)
        // The directory first: a record always has one, and one without a record is found by `reconcile`.
        try FileSystem.makeDirectories("\(directory)/\(chosen)", mode: 0o701)
        try FileSystem.makeDirectories(mountpoint(chosen))
        let body = String(decoding: try JSONEncoder().encode(volume), as: UTF8.self)
        try database.write {
            try $0.execute(sql: "INSERT INTO volume (name, body) VALUES (?, ?) ON CONFLICT DO NOTHING", arguments: [chosen, body])
        }
        return try get(chosen)
    }

    private func find(_ name: String) throws -> Volume? {
        let body = try database.read { try String.fetchOne($0, sql: "SELECT body FROM volume WHERE name = ?", arguments: [name]) }
        return try body.map { try JSONDecoder().decode(Volume.self, from: Data($0.utf8)) }
    }

    /// - Throws: `notFound`.
    package func get(_ name: String) throws -> Volume {
        guard let volume = try find(name) else { throw GantryError.notFound("get \(name): no such volume") }
        return volume
    }

    /// All volumes by name. A record that cannot be read is reported and left out.
    package func list() throws -> [Volume] {
        let rows = try database.read { try Row.fetchAll($0, sql: "SELECT name, body FROM volume ORDER BY name") }
        return rows.compactMap { row in
            let body: String = row["body"]
            do { return try JSONDecoder().decode(Volume.self, from: Data(body.utf8)) } catch {
                logger.error(
                    "volume record left aside: it cannot be read",
                    metadata: ["volume": "\(row["name"] as String)", "error": "\(error)"])
                return nil
            }
        }
    }

    /// Removes a volume with its files.
    /// - Parameter force: a volume that is not there is no error.
    /// - Throws: `conflict` with the ids of the containers that use it.
    package func remove(_ name: String, force: Bool = false) throws {
        guard try find(name) != nil else {
            if force { return }
            throw GantryError.notFound("get \(name): no such volume")
        }
        // Use and record are looked at in one transaction, so that nobody takes it up in between.
        let users: [String] = try database.write { database in
            let users = try String.fetchAll(
                database, sql: "SELECT DISTINCT container FROM volumeReference WHERE volume = ? ORDER BY container",
                arguments: [name])
            if users.isEmpty { try database.execute(sql: "DELETE FROM volume WHERE name = ?", arguments: [name]) }
            return users
        }
        guard users.isEmpty else {
            throw GantryError.conflict("remove \(name): volume is in use - [\(users.joined(separator: ", "))]")
        }
        try removeFiles(name)
    }

    private func removeFiles(_ name: String) throws {
        try FileSystem.unmountFileSystem(mountpoint(name))
        try FileSystem.removeTree("\(directory)/\(name)")
    }

    /// Removes volumes that nobody uses. - Parameter all: named ones too.
    /// - Returns: names, and the bytes that they took.
    package func prune(all: Bool, matching filter: (Volume) -> Bool = { _ in true }) throws -> (removed: [String], reclaimed: Int64)
    {
        var removed: [String] = []
        var reclaimed: Int64 = 0
        for volume in try list() where (all || volume.isAnonymous) && filter(volume) {
            guard try references(volume.name).isEmpty else { continue }
            let size = try size(volume.name)
            do { try remove(volume.name) } catch let error as GantryError where error.kind == .conflict { continue }
            removed.append(volume.name)
            reclaimed += size
        }
        return (removed, reclaimed)
    }

    // MARK: Who uses it

    /// Notes that a container uses a volume. - Throws: `notFound` when there is no such volume.
    package func addReference(volume: String, container: String, destination: String) throws {
        try database.write { database in
            guard try Bool.fetchOne(database, sql: "SELECT 1 FROM volume WHERE name = ?", arguments: [volume]) != nil else {
                throw GantryError.notFound("get \(volume): no such volume")
            }
            try database.execute(
                sql: "INSERT OR IGNORE INTO volumeReference (volume, container, destination) VALUES (?, ?, ?)",
                arguments: [volume, container, destination])
        }
    }

    /// Forgets everything that a container used. - Returns: the names.
    @discardableResult
    package func removeReferences(container: String) throws -> [String] {
        try database.write { database in
            let names = try String.fetchAll(
                database, sql: "SELECT DISTINCT volume FROM volumeReference WHERE container = ?", arguments: [container])
            try database.execute(sql: "DELETE FROM volumeReference WHERE container = ?", arguments: [container])
            return names
        }
    }

    package func references(_ name: String) throws -> [VolumeReference] {
        try database.read {
            try Row.fetchAll(
                $0, sql: "SELECT container, destination FROM volumeReference WHERE volume = ? ORDER BY container", arguments: [name]
            )
        }.map { VolumeReference(container: $0["container"], destination: $0["destination"]) }
    }

    /// Removes directories without a record, which a crash left, and references of containers that are no more.
    package func reconcile(containers: Set<String>) throws {
        let names = try database.write { database in
            for container in try String.fetchAll(database, sql: "SELECT DISTINCT container FROM volumeReference")
            where !containers.contains(container) {
                try database.execute(sql: "DELETE FROM volumeReference WHERE container = ?", arguments: [container])
            }
            return Set(try String.fetchAll(database, sql: "SELECT name FROM volume"))
        }
        for entry in try FileSystem.list(directory) where !names.contains(entry) {
            // Only an empty one is certainly ours and unfinished; anything else is reported and kept.
            let data = "\(directory)/\(entry)/_data"
            if FileSystem.exists(data), try FileSystem.list(data).isEmpty, !FileSystem.isMountPoint(data) {
                try FileSystem.removeTree("\(directory)/\(entry)")
            } else {
                logger.warning("directory without a volume record is kept", metadata: ["path": "\(directory)/\(entry)"])
            }
        }
    }
}
