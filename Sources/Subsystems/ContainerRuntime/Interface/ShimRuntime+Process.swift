internal import CLinux
internal import Essentials
package import LinuxSystem

extension ShimRuntime {
    /// Opens `/proc/<process>/<entry>` of a container's process, such as `root` or `ns/ipc`.
    ///
    /// Process numbers are given again, and a container may end at any time: what was opened counts only when the number is one of
    /// the container's control group afterwards. Nothing of another process can be taken for the container's so.
    /// - Throws: `conflict` when the process is no longer the container's.
    package func open(
        _ entry: String, _ flags: CInt, of processID: Int32, in container: String
    ) throws -> OwnedDescriptor {
        let descriptor: OwnedDescriptor
        do throws(SystemError) { descriptor = try OwnedDescriptor.open("/proc/\(processID)/\(entry)", flags) } catch {
            // Gone, or somebody else's by now; an error only when it is still the container's.
            try requireProcess(processID, in: container)
            throw error
        }
        try requireProcess(processID, in: container)
        return descriptor
    }

    /// - Throws: `conflict` unless the container's control group has the process.
    func requireProcess(_ processID: Int32, in container: String) throws {
        // A user without rights over control groups has none for its containers, and cannot enter what is not its own either.
        guard let directory = cgroups.directories(container).first, geteuid() == 0 || FileSystem.exists(directory) else { return }
        let direct = (try? FileSystem.readText("\(directory)/cgroup.procs")) ?? ""
        if direct.split(separator: "\n").contains(where: { Int32($0) == processID }) { return }
        guard try cgroups.processIDs(container).contains(processID) else { throw Self.ended(container) }
    }

    private static func ended(_ container: String) -> GantryError { .conflict("container \(container) is not running") }
}
