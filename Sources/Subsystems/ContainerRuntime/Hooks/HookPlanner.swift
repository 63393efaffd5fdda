internal import Essentials
internal import OCI
internal import ShimProtocol

/// Hooks whose place is in the container: the child runs them.
enum HookPlanner {
    static func add(
        _ hooks: [RuntimeSpecification.Hook], state: HookState?, status: String, to plan: inout Plan
    ) throws {
        guard !hooks.isEmpty else { return }
        guard let state else { throw GantryError.unsupported("hooks are not supported here") }
        let pieces = try state.pieces(status: status)
        for hook in hooks {
            let arguments = hook.args ?? []
            plan.add(
                .hook, [UInt64(hook.timeout ?? 0) * 1000, UInt64(arguments.count), UInt64(pieces.count)],
                [hook.path] + arguments + pieces + (hook.env ?? []))
        }
    }
}
