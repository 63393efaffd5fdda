import Essentials
import FoundationEssentials
import LinuxSystem

/// `/etc/gantry/daemon.json`: the keys are dockerd's, those that mean something here.
struct ConfigurationFile: Decodable {
    static let defaultPath = "/etc/gantry/daemon.json"
    private static let known: Set<String> = [
        "hosts", "data-root", "exec-root", "pidfile", "debug", "log-level", "registry-mirrors", "insecure-registries", "bip",
        "bridge-name", "labels", "log-driver", "log-opts", "init", "exec-opts", "cdi-spec-dirs",
        "builder", "runtimes", "default-runtime", "userns-remap", "experimental",
    ]

    var hosts: [String]?
    var dataRoot: String?
    var execRoot: String?
    var pidfile: String?
    var debug: Bool?
    var logLevel: String?
    var registryMirrors: [String]?
    var insecureRegistries: [String]?
    var bip: String?
    var bridgeName: String?
    var labels: [String]?
    var logDriver: String?
    var logOptions: [String: String]?
    var usesInit: Bool?
    var execOpts: [String]?
    var cdiDirectories: [String]?
    var builder: BuilderDirectives?
    var runtimes: [String: Runtime]?
    var defaultRuntime: String?
    var usernsRemap: String?
    var experimental: Bool?

    /// A runtime by its program. `runtimeType` and `options` are of those that containerd runs, which there is not here.
    struct Runtime: Decodable {
        var path: String?
        var runtimeArgs: [String]?
        var runtimeType: String?
    }

    enum CodingKeys: String, CodingKey {
        case hosts, pidfile, debug, bip, labels, builder, runtimes, experimental
        case dataRoot = "data-root"
        case execRoot = "exec-root"
        case logLevel = "log-level"
        case registryMirrors = "registry-mirrors"
        case insecureRegistries = "insecure-registries"
        case bridgeName = "bridge-name"
        case logDriver = "log-driver"
        case logOptions = "log-opts"
        case usesInit = "init"
        case execOpts = "exec-opts"
        case cdiDirectories = "cdi-spec-dirs"
        case defaultRuntime = "default-runtime"
        case usernsRemap = "userns-remap"
    }

    /// Reads `path`, or the default path when there is such a file.
    /// - Throws: `invalid` for a file that is missing though named, is no JSON, or has an unknown key.
    static func read(_ path: String?) throws -> ConfigurationFile? {
        if path == nil, !FileSystem.exists(defaultPath) { return nil }
        let path = path ?? defaultPath
        let data: Data
        do { data = Data(try FileSystem.read(path, limit: 1 << 20)) } catch {
            throw GantryError.invalid("unable to configure the daemon with file `\(path)`", cause: error)
        }
        do {
            let keys = try JSONDecoder().decode([String: Ignored].self, from: data).keys
            let unknown = keys.filter { !known.contains($0) }.sorted()
            guard unknown.isEmpty else {
                throw GantryError.invalid(
                    "unable to configure the daemon with file `\(path)`: the following directives don't match any configuration option: \(unknown.joined(separator: ", "))"
                )
            }
            return try JSONDecoder().decode(ConfigurationFile.self, from: data)
        } catch let error as GantryError {
            throw error
        } catch {
            throw GantryError.invalid("unable to configure the daemon with file `\(path)`: invalid JSON or value", cause: error)
        }
    }

    /// Any value.
    private struct Ignored: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}
