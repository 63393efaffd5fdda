import Engine
import Essentials
import FoundationEssentials
import LinuxSystem
import Logging

/// Flags and configuration file resolved once.
struct DaemonSettings {
    static let defaultHost = "unix:///run/gantry/gantry.sock"

    var hosts: [String]
    var pidfile: String
    var logLevel: Logger.Level
    /// Clients are told so; what they may do is the same.
    var isExperimental = false
    var engine = EngineConfiguration()

    /// - Throws: `invalid` for a directive given in both places, as dockerd does.
    init(file: ConfigurationFile?, flags: Gantryd) throws(GantryError) {
        func one<Value>(_ name: String, _ flag: Value?, _ file: Value?) throws(GantryError) -> Value? {
            guard flag == nil || file == nil else {
                throw .invalid(
                    "unable to configure the daemon: the following directives are specified both as a flag and in the configuration file: \(name)"
                )
            }
            return flag ?? file
        }
        func list(_ name: String, _ flags: [String], _ file: [String]?) throws(GantryError) -> [String] {
            try one(name, flags.isEmpty ? nil : flags, file) ?? []
        }
        hosts = try list("hosts", flags.host, file?.hosts)
        if hosts.isEmpty { hosts = [Self.defaultHost] }
        engine.dataRoot = try one("data-root", flags.dataRoot, file?.dataRoot) ?? engine.dataRoot
        engine.execRoot = try one("exec-root", flags.execRoot, file?.execRoot) ?? engine.execRoot
        for path in [engine.dataRoot, engine.execRoot] where !path.hasPrefix("/") {
            throw .invalid("`\(path)` is not an absolute path")
        }
        pidfile = try one("pidfile", flags.pidfile, file?.pidfile) ?? "\(engine.execRoot)/gantryd.pid"
        engine.debug = try one("debug", flags.debug ? true : nil, file?.debug) ?? false
        let level = try one("log-level", flags.logLevel, file?.logLevel) ?? (engine.debug ? "debug" : "info")
        guard let parsed = Self.levels[level] else { throw .invalid("invalid logging level: \(level)") }
        logLevel = engine.debug ? min(parsed, .debug) : parsed
        engine.registryMirrors = try list("registry-mirrors", flags.registryMirrors, file?.registryMirrors)
        engine.insecureRegistries = try list("insecure-registries", flags.insecureRegistries, file?.insecureRegistries)
        engine.bridgeAddress = try one("bip", flags.bip, file?.bip)
        engine.bridgeName = try one("bridge-name", flags.bridgeName, file?.bridgeName) ?? engine.bridgeName
        guard (1...15).contains(engine.bridgeName.utf8.count), !engine.bridgeName.contains("/") else {
            throw .invalid("invalid bridge name `\(engine.bridgeName)`: expected 1 to 15 bytes without a slash")
        }
        engine.labels = try list("labels", flags.labels, file?.labels)
        engine.logDriver = try one("log-driver", flags.logDriver, file?.logDriver) ?? engine.logDriver
        let options = try Self.options(flags.logOptions)
        engine.logOptions = try one("log-opts", options.isEmpty ? nil : options, file?.logOptions) ?? [:]
        engine.usesInit = try one("init", flags.usesInit ? true : nil, file?.usesInit) ?? false
        isExperimental = try one("experimental", flags.experimental ? true : nil, file?.experimental) ?? false
        do { try engine.check() } catch { throw .invalid("failed to set log opts", cause: error) }
        for option in try list("exec-opts", flags.execOptions, file?.execOpts) {
            engine.cgroupDriver = try Self.cgroupDriver(option)
        }
        let directories = try list("cdi-spec-dirs", flags.cdiDirectories, file?.cdiDirectories)
        if !directories.isEmpty { engine.cdiDirectories = directories }
        engine.buildCachePolicy = file?.builder?.policy ?? engine.buildCachePolicy
        do { try engine.checkBuildCachePolicy() } catch { throw .invalid("invalid builder.gc policy", cause: error) }
        let runtimes = try Self.runtimes(flags.runtimes)
        engine.runtimes = try one("runtimes", runtimes.isEmpty ? nil : runtimes, try Self.runtimes(file?.runtimes)) ?? [:]
        engine.defaultRuntime = try one("default-runtime", flags.defaultRuntime, file?.defaultRuntime) ?? engine.defaultRuntime
        try engine.checkRuntimes()
        if let remap = try one("userns-remap", flags.usernsRemap, file?.usernsRemap), !remap.isEmpty {
            engine.userRemap = try Self.remap(remap, makesDefault: !flags.validate)
        }
        engine.shimPath = try Self.findShim()
    }

    private static func options(_ flags: [String]) throws(GantryError) -> [String: String] {
        var result: [String: String] = [:]
        for flag in flags {
            guard let equals = flag.firstIndex(of: "=") else { throw .invalid("invalid log option `\(flag)`: expected key=value") }
            result[String(flag[..<equals])] = String(flag[flag.index(after: equals)...])
        }
        return result
    }

    /// `native.cgroupdriver=systemd`
    private static func cgroupDriver(_ option: String) throws(GantryError) -> String {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0].lowercased() == "native.cgroupdriver" else {
            throw .invalid("invalid option `\(option)` for --exec-opt: expected native.cgroupdriver=cgroupfs or =systemd")
        }
        guard ["cgroupfs", "systemd"].contains(parts[1]) else {
            throw .invalid("invalid native.cgroupdriver `\(parts[1])`: expected cgroupfs or systemd")
        }
        return parts[1]
    }

    private static let levels: [String: Logger.Level] = [
        "trace": .trace, "debug": .debug, "info": .info, "warn": .warning, "warning": .warning, "error": .error, "fatal": .critical,
    ]

    /// Beside this program, where `make install` and `make build` put it.
    private static func findShim() throws(GantryError) -> String {
        let own: String
        do { own = try FileSystem.readLink("/proc/self/exe") } catch {
            throw .internal("cannot find out where this program lies", cause: error)
        }
        let path = own.prefix(upTo: own.lastIndex(of: "/") ?? own.endIndex) + "/gantry-shim"
        guard FileSystem.exists(String(path)) else {
            throw .unavailable(
                "`gantry-shim` is missing: expected at `\(path)`", hint: "install all four programs into one directory")
        }
        return String(path)
    }
}
