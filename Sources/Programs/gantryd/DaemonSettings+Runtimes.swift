import Engine
import Essentials

extension DaemonSettings {
    /// `name=path`, as dockerd's `--add-runtime` takes it.
    static func runtimes(_ flags: [String]) throws(GantryError) -> [String: ConfiguredRuntime] {
        var result: [String: ConfiguredRuntime] = [:]
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard parts.count == 2 else { throw .invalid("invalid runtime argument: \(flag)") }
            guard result[parts[0]] == nil else { throw .invalid("runtime '\(parts[0])' was already defined") }
            result[parts[0]] = ConfiguredRuntime(path: parts[1])
        }
        return result
    }

    static func runtimes(_ file: [String: ConfigurationFile.Runtime]?) throws(GantryError) -> [String: ConfiguredRuntime]? {
        guard let file else { return nil }
        var result: [String: ConfiguredRuntime] = [:]
        for (name, runtime) in file {
            if let type = runtime.runtimeType {
                throw .unsupported(
                    "runtime '\(name)' has the runtimeType `\(type)`, a program of containerd's, which is not used here",
                    hint: "name the OCI runtime's own program as its `path`")
            }
            result[name] = ConfiguredRuntime(path: runtime.path ?? "", arguments: runtime.runtimeArgs ?? [])
        }
        return result
    }

    /// - Parameter makesDefault: see `UserRemap.read`.
    static func remap(_ text: String, makesDefault: Bool) throws(GantryError) -> UserRemap? {
        // Whether the account of `default` is there already says nothing about the configuration.
        if text == "default", !makesDefault { return nil }
        do { return try UserRemap.read(text, makesDefault: makesDefault) } catch let error as GantryError { throw error } catch {
            throw .unavailable("the ranges of subordinate ids cannot be read", cause: error)
        }
    }
}
