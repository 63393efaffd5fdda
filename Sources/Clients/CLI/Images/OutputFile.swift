import CLinux
import Essentials
import LinuxSystem

/// A file that a command writes a stream to. It appears under its name only when it is complete; a device is written directly.
struct OutputFile {
    private let path: String
    private let temporary: String?
    private let file: OwnedDescriptor

    /// - Throws: ``GantryError`` in Docker's words when the folder of `path` is missing.
    init(_ path: String) throws {
        self.path = path
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        do { _ = try FileStatus(folder, follow: true) } catch {
            throw GantryError.invalid("invalid output path: stat \(folder): \(error.reason)")
        }
        do {
            if let status = try? FileStatus(path, follow: true), status.kind != .regular {
                guard status.kind != .directory else {
                    throw GantryError.invalid("invalid output path: \"\(path)\" is a directory")
                }
                temporary = nil
                file = try OwnedDescriptor.open(path, O_WRONLY)
            } else {
                let name = "\(path).\(Identifier.randomHex(bytes: 6)).tmp"
                temporary = name
                file = try OwnedDescriptor.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            }
        } catch let error as SystemError {
            throw GantryError(.denied, "invalid output path", cause: error)
        }
    }

    /// Writes all of `pieces` and gives the file its name; removes what was written when that fails.
    func write(_ pieces: some AsyncSequence<[UInt8], any Error>) async throws {
        do {
            for try await piece in pieces { try file.writeAll(piece) }
            if let temporary { try check("rename", path) { rename(temporary, path) } }
        } catch {
            if let temporary { unlink(temporary) }
            if let error = error as? SystemError { throw GantryError(.unavailable, "cannot write `\(path)`", cause: error) }
            throw error
        }
    }
}
