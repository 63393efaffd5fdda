import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

/// Namespaces that a container takes from others.
struct SharedNamespaces {
    /// Paths under /proc of other containers' namespaces; nil: its own.
    var pid: String?
    var ipc: String?
    /// The other container's /dev/shm, which goes with its IPC namespace.
    var memory: OwnedDescriptor?

    /// The containers, by id or name, whose namespaces are taken.
    static func donors(_ host: HostSettings) -> [NameOrID] {
        [host.networkMode, host.ipcMode, host.pidMode].filter { $0.hasPrefix("container:") }.map { String($0.dropFirst(10)) }
    }

    /// Makes ids of the names of other containers, so that a mode means the same one after a rename.
    /// - Throws: `invalid` for a container that is not there; of a network's the start will tell, as with Docker.
    static func pin(_ host: inout HostSettings, _ context: EngineContext) throws(GantryError) {
        for mode in [\HostSettings.networkMode, \.pidMode, \.ipcMode] where host[keyPath: mode].hasPrefix("container:") {
            do throws(GantryError) {
                host[keyPath: mode] = "container:\(try context.container(String(host[keyPath: mode].dropFirst(10))).id)"
            } catch {
                // "Not found" would mean the image to a client.
                guard mode == \.networkMode else { throw .invalid(error.message) }
            }
        }
    }

    static func find(_ settings: ContainerSettings, context: EngineContext) async throws -> SharedNamespaces {
        var result = SharedNamespaces()
        if let (other, processID) = try await donor(settings.host.pidMode, "PID namespace", context) {
            result.pid = "/proc/\(processID)/ns/pid"
            _ = try context.runtime.open("ns/pid", O_RDONLY, of: processID, in: other)
        }
        if let (other, processID) = try await donor(settings.host.ipcMode, "IPC", context) {
            guard isShareable(await (try context.container(other)).record.settings.host.ipcMode) else {
                throw GantryError.invalid(
                    "container \(other): non-shareable IPC (hint: use IpcMode:shareable for the donor container)")
            }
            result.ipc = "/proc/\(processID)/ns/ipc"
            let namespace = try context.runtime.open("ns/mnt", O_RDONLY, of: processID, in: other)
            result.memory = try await BlockingWork.run { try PrivateMounts.tree(of: "/dev/shm", in: namespace) }
        }
        return result
    }

    /// The container named by `container:<name>` and its first process.
    private static func donor(
        _ mode: String, _ word: String, _ context: EngineContext
    ) async throws -> (id: String, processID: Int32)? {
        guard mode.hasPrefix("container:") else { return nil }
        let other = try context.container(String(mode.dropFirst(10)))
        guard let processID = await other.record.phase.processID else {
            throw GantryError.conflict("cannot join \(word) of a non running container: \(other.id)")
        }
        return (other.id, processID)
    }

    /// A container's IPC is its own unless it was made to be shared.
    private static func isShareable(_ mode: String) -> Bool { !["", "private", "none"].contains(mode) }
}
