import CLinux
import Essentials
import LinuxSystem

/// The directories of a container's checkpoints. Errors have Docker's words. Source: moby, daemon/checkpoint.go.
struct CheckpointFolder {
    /// Of all checkpoints.
    let path: String
    let container: String

    /// - Throws: `invalid` for a directory that is no absolute path.
    init(_ directory: String?, of record: ContainerRecord, _ configuration: EngineConfiguration) throws(GantryError) {
        if let directory, !directory.hasPrefix("/") {
            throw .invalid("invalid checkpoint directory `\(directory)`: it must be an absolute path")
        }
        path = directory ?? "\(configuration.containerDirectory(record.id))/checkpoints"
        container = record.id
    }

    /// An empty directory for a new checkpoint.
    /// - Throws: `invalid` for a name that is none, `conflict` for one that is there.
    func make(_ name: String) throws -> String {
        try Self.check(name)
        let place = "\(path)/\(name)"
        if FileSystem.exists(place) {
            throw GantryError.conflict("checkpoint with name \(name) already exists for container \(container)")
        }
        try FileSystem.makeDirectories(path, mode: 0o700)
        // Memory of processes is nobody else's to read.
        try FileSystem.makeDirectories(place, mode: 0o700)
        return place
    }

    /// - Throws: `notFound`.
    func find(_ name: String) throws -> String {
        try Self.check(name)
        let place = "\(path)/\(name)"
        guard (try? FileStatus(place, follow: false).kind) == .directory else {
            throw GantryError.notFound("checkpoint \(name) does not exist for container \(container)")
        }
        return place
    }

    func names() throws -> [String] {
        guard FileSystem.exists(path) else { return [] }
        return try FileSystem.list(path).filter { (try? FileStatus("\(path)/\($0)", follow: false).kind) == .directory }.sorted()
    }

    /// One character is enough, other than for containers.
    private static func check(_ name: String) throws(GantryError) {
        func plain(_ byte: UInt8) -> Bool { (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122) }
        guard let first = name.utf8.first, plain(first), name.utf8.allSatisfy({ plain($0) || $0 == 95 || $0 == 46 || $0 == 45 })
        else { throw .invalid("Invalid checkpoint ID (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed") }
    }
}
