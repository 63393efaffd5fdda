import CLinux
import Essentials
import FoundationEssentials
import GRDB
import LinuxSystem

/// The packages of rpm's SQLite database: a header for each. The databases of older versions (Berkeley DB, ndb) are not read.
/// Source: rpm, docs/manual/format.md, Header; lib/backend/sqlite.c.
enum RPMDatabase {
    private enum Tag {
        static let name: UInt32 = 1000
        static let version: UInt32 = 1001
        static let release: UInt32 = 1002
        static let epoch: UInt32 = 1003
        static let license: UInt32 = 1014
        static let architecture: UInt32 = 1022
    }

    private static let largestDatabase = 512 << 20
    private static let mostPackages = 100_000

    /// Blocks. The database is the image's: nothing of its schema is carried out.
    /// - Parameter log: SQLite's write-ahead log beside it.
    /// - Throws: `invalid` for what is no such database.
    static func packages(
        _ file: OwnedDescriptor, log: OwnedDescriptor?, _ system: SystemRelease, source: String, scratch: String
    ) throws -> [FoundPackage] {
        let copy = "\(scratch)/rpmdb-\(Identifier.randomHex(bytes: 4))"
        try FileSystem.replace(copy, with: try file.readAll(limit: largestDatabase), mode: 0o600)
        if let log { try FileSystem.replace(copy + "-wal", with: try log.readAll(limit: largestDatabase), mode: 0o600) }
        defer { for suffix in ["", "-wal", "-shm"] { unlink(copy + suffix) } }
        do {
            var configuration = Configuration()
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
            let queue = try DatabaseQueue(path: copy, configuration: configuration)
            return try queue.read { database in
                let kind = try String.fetchOne(database, sql: "SELECT type FROM sqlite_master WHERE name = 'Packages'")
                guard kind == "table" else { throw GantryError.invalid("it has no table `Packages`") }
                let headers = try Data.fetchAll(database, sql: "SELECT blob FROM Packages LIMIT \(mostPackages)")
                return headers.compactMap { package(Array($0), system, source: source) }
            }
        } catch {
            throw GantryError.invalid("cannot read the image's package database `\(source)`", cause: error)
        }
    }

    /// Two counts, entries of sixteen bytes, then the data they point into; numbers are big-endian.
    static func package(_ bytes: [UInt8], _ system: SystemRelease, source: String) -> FoundPackage? {
        func number(_ at: Int) -> UInt32? {
            guard at >= 0, at + 4 <= bytes.count else { return nil }
            return bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard let count = number(0), count <= 100_000 else { return nil }
        let start = 8 + 16 * Int(count)
        var texts: [UInt32: String] = [:]
        for entry in 0..<Int(count) {
            guard let tag = number(8 + 16 * entry), let type = number(12 + 16 * entry), let offset = number(16 + 16 * entry),
                start + Int(offset) < bytes.count
            else { continue }
            let rest = bytes[(start + Int(offset))...]
            switch type {
            case 6, 8, 9: texts[tag] = texts[tag] ?? String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self)
            case 4: texts[tag] = number(start + Int(offset)).map { String($0) }
            default: continue
            }
        }
        guard let name = texts[Tag.name], let version = texts[Tag.version], name != "gpg-pubkey" else { return nil }
        let full = texts[Tag.release].map { "\(version)-\($0)" } ?? version
        let url = PackageURL.package(
            "rpm", space: system.id, name: name, version: full,
            qualifiers: [("arch", texts[Tag.architecture] ?? ""), ("distro", system.name), ("epoch", texts[Tag.epoch] ?? "")])
        return FoundPackage(name: name, version: full, url: url, license: texts[Tag.license] ?? "", source: source)
    }
}
