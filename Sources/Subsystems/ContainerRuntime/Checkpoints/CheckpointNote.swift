internal import Essentials
internal import FoundationEssentials
internal import LinuxSystem

/// What a restore has to know of a checkpoint and criu's images do not tell, kept beside them.
struct CheckpointNote: Codable, Equatable {
    /// Mount points whose content comes from outside.
    var mounts: [String]
    /// What 0, 1 and 2 of the first process were, in criu's words: `pipe:[123]` when the shim or the caller has the other end,
    /// `file[17:1a2b]` (mount and inode in hexadecimal) when it is no file of the container's, empty for others.
    var streams: [String]
    /// By this name a network namespace is handed over; nil: criu makes one, or the container has the host's.
    var network: String?
    /// Below the mount points.
    var cgroupPath: String
    /// The first process ends with the shim that minds it.
    var isMinded: Bool

    private static let name = "gantry.json"

    func save(in directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try FileSystem.replace("\(directory)/\(Self.name)", with: Array(try encoder.encode(self)), mode: 0o600)
    }

    static func remove(from directory: String) throws { try FileSystem.remove("\(directory)/\(name)") }

    /// - Throws: `invalid` for a directory that holds no checkpoint of ours.
    static func read(from directory: String) throws -> CheckpointNote {
        do {
            return try JSONDecoder().decode(
                CheckpointNote.self, from: Data(try FileSystem.read("\(directory)/\(name)", limit: 1 << 20)))
        } catch {
            throw GantryError.invalid("`\(directory)` holds no checkpoint that can be restored", cause: error)
        }
    }
}
