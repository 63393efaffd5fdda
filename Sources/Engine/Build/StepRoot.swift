import Builder
import ContainerRuntime
import Images
import LinuxSystem

/// The root of a RUN step, mounted, with what had to be looked up in it before the process begins.
struct StepRoot: Sendable {
    let tree: OwnedDescriptor
    /// With the ids that its user stands for in this root.
    let request: RunRequest
    /// What the sandbox needs in the root and the image does not have.
    let stubs: MountStubs

    static func make(
        _ snapshot: Snapshot, _ request: RunRequest, _ mounts: StepMounts, _ ids: MappedIDs?, _ context: EngineContext
    ) async throws -> StepRoot {
        let lower = context.lowerNames(snapshot)
        var paths = ["/proc", "/sys", "/dev", "/etc/resolv.conf", "/etc/hosts"] + mounts.binds.map(\.destination)
        paths += mounts.temporaries.map(\.destination)
        return try await BlockingWork.run { [paths] in
            let tree = try PrivateMounts.overlay(
                layersDirectory: snapshot.layersDirectory, lower: lower, upper: snapshot.upper, work: snapshot.work, ids: ids)
            var request = request
            try request.identify(in: tree)
            return StepRoot(tree: tree, request: request, stubs: try MountStubs(paths, missingIn: tree))
        }
    }
}
