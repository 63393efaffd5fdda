import BuildGraph
import Essentials
import GRDB
import Images
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
            pool = try DatabasePool(path: path, configuration: configuration)
            var migrator = DatabaseMigrator()
            ContainerTable.registerMigrations(&migrator)
            EventLog.registerMigrations(&migrator)
            BuildHistory.registerMigrations(&migrator)
            ImageStore.registerMigrations(&migrator)
            NetworkController.registerMigrations(&migrator)
            VolumeStore.registerMigrations(&migrator)
            StepCache.registerMigrations(&migrator)
            try migrator.migrate(pool)
        } catch {
            throw GantryError(
                .unavailable, "cannot open the database `\(path)`", cause: error,
                hint: "move it away to start without the recorded containers and images; nothing is deleted by Gantry")
        }
        return pool
    }
}
