import ContainerRuntime
import Essentials

/// An OCI runtime of the configuration. Source: dockerd's daemon.json, `runtimes`.
package struct ConfiguredRuntime: Sendable, Hashable {
    /// Of the program; without a slash it is looked for where programs are.
    package var path: String
    /// Come before all others at each call.
    package var arguments: [String]

    package init(path: String, arguments: [String] = []) {
        self.path = path
        self.arguments = arguments
    }
}

/// Which runtime makes a container: ours, or another by its command line.
enum RuntimeChoice {
    static let own = "gantry"
    /// Docker's names for its default; ours unless the configuration has a runtime of that name.
    private static let aliases: Set<String> = [own, "runc", "io.containerd.runc.v2"]

    /// - Returns: nil for our own.
    /// - Throws: `invalid` in Docker's words.
    static func runtime(_ name: String, _ configuration: EngineConfiguration) throws(GantryError) -> OtherRuntime? {
        if let other = configuration.runtimes[name] {
            return OtherRuntime(name: name, path: other.path, arguments: other.arguments)
        }
        // Records of before runtimes were told apart have none.
        guard name.isEmpty || aliases.contains(name) else { throw .invalid("unknown or invalid runtime name: \(name)") }
        return nil
    }

    /// - Throws: `invalid` in Docker's words for a configuration that contradicts itself.
    static func check(_ configuration: EngineConfiguration) throws(GantryError) {
        for (name, runtime) in configuration.runtimes.sorted(by: { $0.key < $1.key }) {
            guard name != own, !name.isEmpty else { throw .invalid("runtime name '\(name)' is reserved") }
            guard !runtime.path.isEmpty else { throw .invalid("runtime '\(name)' has no path") }
        }
        let name = configuration.defaultRuntime
        guard configuration.runtimes[name] != nil || aliases.contains(name) else {
            throw .invalid("specified default runtime '\(name)' does not exist")
        }
    }
}
