internal import Essentials
internal import LinuxSystem
package import OCI

/// Runs the hooks whose place is outside the container.
package struct HookRunner: Sendable {
    var state: HookState

    package init(state: HookState) { self.state = state }

    /// Runs a list in order, until one fails.
    /// - Parameter point: such as `createRuntime`, for messages.
    /// - Throws: `unavailable`, `timedOut`.
    package func run(
        _ hooks: [RuntimeSpecification.Hook]?, point: String, status: String, processID: Int32
    ) async throws {
        guard let hooks, !hooks.isEmpty else { return }
        let input = Array(try state.json(status: status, processID: processID).utf8)
        for hook in hooks {
            let outcome: ProgramRun.Outcome
            do {
                outcome = try await ProgramRun.run(
                    hook.args.flatMap { $0.isEmpty ? nil : $0 } ?? [hook.path], program: hook.path, environment: hook.env ?? [],
                    input: input, timeout: hook.timeout.map { .seconds($0) })
            } catch { throw GantryError.unavailable("the \(point) hook `\(hook.path)` failed", cause: error) }
            guard outcome.code == 0 else {
                let said = outcome.output.isEmpty ? "" : ": \(outcome.output)"
                throw GantryError.unavailable("the \(point) hook `\(hook.path)` ended with \(outcome.code)\(said)")
            }
        }
    }
}

extension RuntimeSpecification.Hooks {
    /// By name, in the order in which they are reached.
    package var all: [(point: String, hooks: [RuntimeSpecification.Hook])] {
        [
            ("prestart", prestart ?? []), ("createRuntime", createRuntime ?? []), ("createContainer", createContainer ?? []),
            ("startContainer", startContainer ?? []), ("poststart", poststart ?? []), ("poststop", poststop ?? []),
        ]
    }

    /// Some are run between the container's namespaces and its root.
    var hasRuntimeHooks: Bool { !(prestart ?? []).isEmpty || !(createRuntime ?? []).isEmpty }
}
