package import GRDB

extension ImageStore {
    /// The tables of this target. Digests are stored with their algorithm, times as nanoseconds since 1970.
    package static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("Images.1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE imageLayers (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        chainID TEXT NOT NULL UNIQUE,
                        diffID TEXT NOT NULL,
                        parent TEXT,
                        size INTEGER NOT NULL,
                        tarSize INTEGER NOT NULL,
                        createdAt INTEGER NOT NULL,
                        blobDigest TEXT,
                        blobSize INTEGER,
                        blobType TEXT
                    );
                    CREATE TABLE images (
                        id TEXT PRIMARY KEY,
                        config BLOB NOT NULL,
                        manifest BLOB,
                        parent TEXT,
                        topLayer TEXT,
                        addedAt INTEGER NOT NULL,
                        taggedAt INTEGER
                    );
                    CREATE INDEX imagesByParent ON images (parent);
                    CREATE TABLE imageReferences (
                        name TEXT PRIMARY KEY,
                        image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
                        isDigest INTEGER NOT NULL
                    );
                    CREATE INDEX imageReferencesByImage ON imageReferences (image);
                    CREATE TABLE imageSnapshots (
                        id TEXT PRIMARY KEY,
                        parent TEXT,
                        createdAt INTEGER NOT NULL
                    );
                    """)
        }
        migrator.registerMigration("Images.2-lists") { db in
            try db.execute(
                sql: """
                    CREATE TABLE imageLists (
                        name TEXT PRIMARY KEY,
                        main TEXT NOT NULL,
                        members BLOB NOT NULL,
                        details BLOB NOT NULL
                    )
                    """)
        }
    }
}
