import BuildGraph
import CLinux
import Essentials
import GRDB
import Images
import LinuxSystem
import Networks
import Volumes

/// The one database: opened here, its tables declared by those who use them.
enum StateDatabase {
    /// Write-ahead logging with `synchronous = NORMAL`: a killed daemon loses nothing; a power cut at most the last moments,
    /// never consistency (SQLite documentation, "Write-Ahead Logging", performance considerations).
    static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        let pool: DatabasePool
        do {
            // Environments hold secrets. What SQLite puts beside the file gets its mode.
            let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
            try check("fchmod", path) { fchmod(file.raw, 0o600) }
            pool = try DatabasePool(path: path, configuration: configuration)
            var migrator = DatabaseMigrator()
            ContainerTable.registerMigrations(&migrator)
            EventLog.registerMigrations(&migrator)
            BuildHistory.registerMigrations(&migrator)
            BuildMounts.registerMigrations(&migrator)
            ImageStore.registerMigrations(&migrator)
            NetworkController.registerMigrations(&migrator)
            VolumeStore.registerMigrations(&migrator)
            StepCache.registerMigrations(&migrator)
            try migrator.migrate(pool)
            try reserve(pool, path: path)
        } catch {
            throw GantryError(
                .unavailable, "cannot open the database `\(path)`", cause: error,
                hint: "move it away to start without the recorded containers and images; nothing is deleted by Gantry")
        }
        return pool
    }

    /// Room for changes when the disk is full, above all for those that free space: the log is given its blocks now, and
    /// SQLite, which starts over at its beginning after 4 MiB, needs no new ones (SQLite documentation, "WAL-mode file format":
    /// what follows the last valid frame is ignored).
    private static let reservedLogBytes = off_t(8 << 20)

    private static func reserve(_ pool: DatabasePool, path: String) throws {
        try pool.write { try $0.execute(sql: "CREATE TABLE IF NOT EXISTS reserve (id INTEGER PRIMARY KEY); DELETE FROM reserve") }
        let log = try OwnedDescriptor.open("\(path)-wal", O_WRONLY)
        // On a disk that is full already the daemon still starts, for space to be freed.
        let code = posix_fallocate(log.raw, 0, reservedLogBytes)
        guard [0, ENOSPC, EOPNOTSUPP].contains(code) else { throw SystemError("posix_fallocate", "\(path)-wal", errno: code) }
    }
}
