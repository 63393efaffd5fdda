import Builder
import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

/// Steps of a build where containers' ids are mapped.
extension RemappedRun {
    /// - Throws: `invalid` in Docker's words for what cannot be had together with mapped ids.
    static func make(for request: RunRequest, context: EngineContext) async throws -> RemappedRun? {
        guard let remap = context.configuration.userRemap else { return nil }
        if request.isInsecure { throw GantryError.invalid("privileged mode is incompatible with user namespaces.") }
        if request.networkMode == "host" || request.networkMode.hasPrefix("container:") {
            throw GantryError.invalid("cannot share the host's network namespace when user namespaces are enabled")
        }
        return try await make(remap)
    }

    /// What a step sees of its files, with the ids that it gives them. Where the file system cannot map ids, they stay the host's.
    static func trees(of binds: [SandboxOptions.Bind], _ ids: MappedIDs) throws -> [String: OwnedDescriptor] {
        var result: [String: OwnedDescriptor] = [:]
        for bind in binds {
            let tree = try PrivateMounts.tree(try OwnedDescriptor.open(bind.source, O_PATH))
            do throws(SystemError) { try PrivateMounts.map(tree, ids) } catch { guard error.errno == EINVAL else { throw error } }
            result[bind.destination] = tree
        }
        return result
    }
}
