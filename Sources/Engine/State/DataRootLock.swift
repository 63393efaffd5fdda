import CLinux
import Essentials
import LinuxSystem

/// Keeps a second daemon away from a data root as long as this one lives.
final class DataRootLock: Sendable {
    private let file: OwnedDescriptor

    /// - Throws: `conflict` when another daemon holds it.
    init(_ dataRoot: String) throws {
        try FileSystem.makeDirectories(dataRoot, mode: 0o710)
        // Also one that was there before: layers hold setuid programs that the host's users must not reach (CVE-2021-41091).
        try check("chmod", dataRoot) { chmod(dataRoot, 0o710) }
        let path = "\(dataRoot)/lock"
        file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        do throws(SystemError) {
            try check("flock", path) { flock(file.raw, LOCK_EX | LOCK_NB) }
        } catch {
            guard error.errno == EWOULDBLOCK else { throw error }
            throw GantryError.conflict(
                "another daemon uses the data root `\(dataRoot)`", hint: "end it, or give this one its own --data-root")
        }
    }
}
