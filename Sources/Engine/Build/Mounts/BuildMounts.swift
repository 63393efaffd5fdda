import CLinux
import Essentials
import GRDB
import LinuxSystem

/// The directories of `--mount=type=cache`, which outlive builds, and what is known of them.
final class BuildMounts: Sendable {
    struct Entry: Sendable {
        var id: String
        var createdAt: Timestamp
        var lastUsedAt: Timestamp
        var useCount: Int
    }

    let directory: String
    let locks = BuildLocks()
    private let database: any DatabaseWriter

    /// Takes directories up that an earlier version made without a record, and removes what was half done.
    init(database: any DatabaseWriter, dataRoot: String) throws {
        self.database = database
        directory = "\(dataRoot)/build-mounts"
        guard FileSystem.exists(directory) else { return }
        let known = Set(try list().map { Self.name($0.id) })
        for name in try FileSystem.list(directory) where !known.contains(name) {
            guard let id = Self.id(name) else {
                try FileSystem.removeTree("\(directory)/\(name)")
                continue
            }
            try note(id, at: Timestamp(nanoseconds: try FileStatus("\(directory)/\(name)").modifiedAt), uses: 0)
        }
    }

    static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("engine-build-mounts-1") { database in
            try database.create(table: "buildMount") { table in
                table.primaryKey("id", .text)
                table.column("createdAt", .integer).notNull()
                table.column("lastUsedAt", .integer).notNull()
                table.column("useCount", .integer).notNull()
            }
        }
    }

    func path(_ id: String) -> String { "\(directory)/\(Self.name(id))" }

    /// Least recently used first; those whose directory is there.
    func list() throws -> [Entry] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM buildMount ORDER BY lastUsedAt, id").map { row in
                Entry(
                    id: row["id"], createdAt: Timestamp(nanoseconds: row["createdAt"]),
                    lastUsedAt: Timestamp(nanoseconds: row["lastUsedAt"]), useCount: row["useCount"])
            }
        }.filter { FileSystem.exists(path($0.id)) }
    }

    /// - Throws: `notFound` that names those that are there.
    func find(_ id: String) throws -> Entry {
        let all = try list()
        guard let entry = all.first(where: { $0.id == id }) else {
            let names = all.map { "`\($0.id)`" }.joined(separator: ", ")
            throw GantryError.notFound("no cache mount `\(id)`: there \(names.isEmpty ? "is none" : "are \(names)")")
        }
        return entry
    }

    /// Notes a use, or that the directory is there.
    func note(_ id: String, at time: Timestamp = .now(), uses: Int = 1) throws {
        try database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO buildMount VALUES (?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET lastUsedAt = excluded.lastUsedAt, useCount = useCount + excluded.useCount
                    """, arguments: [id, time.nanoseconds, time.nanoseconds, uses])
        }
    }

    private func forget(_ id: String) throws {
        try database.write { try $0.execute(sql: "DELETE FROM buildMount WHERE id = ?", arguments: [id]) }
    }

    /// Bytes of its files. Blocks.
    func size(_ id: String) throws -> Int64 { try Self.size(OwnedDescriptor.open(path(id), O_RDONLY | O_DIRECTORY)) }

    private static func size(_ directory: OwnedDescriptor) throws -> Int64 {
        var total: Int64 = 0
        for name in try DirectoryReader(descriptor: directory).names() {
            // A build may be at work in it.
            guard let entry = try? directory.openEntry(name), let status = try? entry.status() else { continue }
            if status.kind == .directory {
                if let inner = try? directory.openEntry(name, O_RDONLY | O_DIRECTORY) { total += try size(inner) }
            } else {
                total += status.size
            }
        }
        return total
    }

    /// - Returns: false when a build uses it.
    func remove(_ id: String) async throws -> Bool {
        let path = path(id)
        guard await locks.lockIfUnused(path) else { return false }
        let trash = "\(path).old-\(Identifier.randomHex(bytes: 4))"
        let result = Result {
            try LinuxSystem.check("rename", path) { rename(path, trash) }
            try forget(id)
        }
        await locks.unlock(path)
        try result.get()
        try await BlockingWork.run { try FileSystem.removeTree(trash) }
        return true
    }

    /// Makes a complete directory the one of `id`, in place of the one that is there.
    /// - Throws: `conflict` when a build uses it; the new one is left where it is then.
    func install(_ fresh: String, as id: String) async throws {
        let path = path(id)
        guard await locks.lockIfUnused(path) else { throw Self.inUse(id) }
        let trash = "\(path).old-\(Identifier.randomHex(bytes: 4))"
        let hadOld = FileSystem.exists(path)
        let result = Result {
            if hadOld { try LinuxSystem.check("rename", path) { rename(path, trash) } }
            try LinuxSystem.check("rename", path) { rename(fresh, path) }
            try note(id, uses: 0)
        }
        await locks.unlock(path)
        try result.get()
        if hadOld { try await BlockingWork.run { try FileSystem.removeTree(trash) } }
    }

    static func inUse(_ id: String) -> GantryError {
        .conflict("the cache mount `\(id)` is in use by a build", hint: "try again when the build has ended")
    }

    // MARK: Names

    /// Any id as the name of a directory: what is no letter, digit or dash is written as its number.
    static func name(_ id: String) -> String {
        var text = ""
        for byte in id.utf8 { text += isPlain(byte) ? String(UnicodeScalar(byte)) : "_" + Identifier.hex([byte]) }
        guard text.utf8.count > 200 else { return text }
        var sum: UInt64 = 5381
        for byte in text.utf8 { sum = sum &* 33 ^ UInt64(byte) }
        return String(text.prefix(180)) + String(sum, radix: 16)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        let letter = byte | 0x20
        return letter >= 97 && letter <= 122 || byte >= 48 && byte <= 57 || byte == 45
    }

    /// The id that has this name; nil for what is half done.
    private static func id(_ name: String) -> String? {
        guard !name.contains(".") else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "_") else {
                bytes.append(byte)
                continue
            }
            guard let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
