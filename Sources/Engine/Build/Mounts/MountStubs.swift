import CLinux
import Essentials
import LinuxSystem

/// Directories and files that exist in a step's root only because something is mounted on them: taken away before the layer is
/// made, unless the process has put something into them.
struct MountStubs: Sendable {
    /// Relative, deepest first.
    private let paths: [String]

    /// - Parameter below: the layers that the step stands on.
    init(_ targets: [String], missingIn below: OwnedDescriptor) throws {
        var missing: Set<String> = []
        for target in targets {
            var path = ""
            for part in target.split(separator: "/") {
                path += path.isEmpty ? String(part) : "/\(part)"
                if try !Self.exists(path, below) { missing.insert(path) }
            }
        }
        paths = missing.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    private static func exists(_ path: String, _ root: OwnedDescriptor) throws -> Bool {
        do throws(SystemError) {
            _ = try root.openInRoot(path, O_PATH)
            return true
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return false }
            throw error
        }
    }

    /// Removes what is empty; links in the way are not followed. Blocks.
    func remove(fromUpper path: String) throws {
        let upper = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        for path in paths {
            let parts = path.split(separator: "/").map(String.init)
            guard let name = parts.last, let parent = try open(parts.dropLast().joined(separator: "/"), in: upper) else { continue }
            if unlinkat(parent.raw, name, AT_REMOVEDIR) == 0 { continue }
            guard gantry_errno() == ENOTDIR else { continue }
            // A file is a stub only while it is an empty one.
            if let status = try? FileStatus(name, in: parent.raw), status.kind == .regular, status.size == 0 {
                unlinkat(parent.raw, name, 0)
            }
        }
    }

    private func open(_ path: String, in upper: OwnedDescriptor) throws -> OwnedDescriptor? {
        if path.isEmpty { return upper }
        do throws(SystemError) { return try upper.openBeneath(path, O_RDONLY | O_DIRECTORY) } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return nil }
            throw error
        }
    }
}
