import CLinux
import ContainerRuntime
import Essentials
import Images
import LinuxSystem

/// A container's root directory, opened so that nothing inside it can lead out.
///
/// A running container is entered through its first process, so that volumes are seen as it sees them; a stopped one through
/// a detached overlay mount that no path on the host leads to.
struct ContainerRoot: Sendable {
    let descriptor: OwnedDescriptor

    static func open(_ record: ContainerRecord, context: EngineContext, readOnly: Bool) throws -> ContainerRoot {
        if let processID = record.phase.processID {
            return ContainerRoot(descriptor: try context.runtime.open("root", O_PATH | O_DIRECTORY, of: processID, in: record.id))
        }
        guard let snapshot = try context.imageStore.snapshot(id: record.id) else {
            throw GantryError.internal("container \(record.id) has no file system")
        }
        return ContainerRoot(
            descriptor: try PrivateMounts.overlay(
                layersDirectory: snapshot.layersDirectory, lower: context.lowerNames(snapshot), upper: snapshot.upper,
                work: snapshot.work,
                readOnly: readOnly))
    }

    /// A path split into the directory that holds it, opened, and its last name; links on the way stay inside the root.
    struct Location {
        var parent: OwnedDescriptor
        /// Empty for the root itself.
        var name: String
        var status: FileStatus
    }

    /// - Parameter path: as the user wrote it; a trailing `/` or `/.` follows a final link.
    func locate(_ path: String, container: String) throws -> Location {
        let missing = GantryError.notFound("Could not find the file \(path) in container \(container)")
        let cleaned = MountPlanner.clean("/" + path)
        let follows = path.hasSuffix("/") || path.hasSuffix("/.")
        do throws(SystemError) {
            if cleaned == "/" { return Location(parent: descriptor, name: "", status: try descriptor.status()) }
            let slash = cleaned.lastIndex(of: "/") ?? cleaned.startIndex
            let parent = try descriptor.openInRoot(
                slash == cleaned.startIndex ? "/" : String(cleaned[..<slash]), O_PATH | O_DIRECTORY)
            let name = String(cleaned[cleaned.index(after: slash)...])
            var status = try FileStatus(name, in: parent.raw)
            if follows, status.kind == .symbolicLink {
                status = try descriptor.openInRoot(cleaned, O_PATH).status()
            }
            if follows, status.kind != .directory { throw SystemError("openat2", path, errno: ENOTDIR) }
            return Location(parent: parent, name: name, status: status)
        } catch {
            switch error.errno {
            case ENOENT, ENOTDIR, ELOOP: throw missing
            default: throw error
            }
        }
    }
}
