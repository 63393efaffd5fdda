package import Essentials

/// Where the engine keeps its things and what it offers by default.
package struct EngineConfiguration: Sendable {
    /// Images, containers, volumes and the database; survives restarts of the host.
    package var dataRoot = "/var/lib/gantry"
    /// Sockets and state of running containers; gone after a restart of the host.
    package var execRoot = "/run/gantry"
    /// Path of the `gantry-shim` program.
    package var shimPath = ""
    /// `cgroupfs` or `systemd`.
    package var cgroupDriver = "cgroupfs"
    package var bridgeName = "gantry0"
    /// Address with prefix length of the default bridge; nil: the first free pool.
    package var bridgeAddress: String?
    package var registryMirrors: [String] = []
    package var insecureRegistries: [String] = []
    package var labels: [String] = []
    /// Where the host's CDI files stand; later ones win.
    package var cdiDirectories = ["/etc/cdi", "/var/run/cdi"]
    package var debug = false
    /// Of containers that name no log driver of their own.
    package var logDriver = "json-file"
    package var logOptions: [String: String] = [:]
    /// How the build cache is kept small.
    package var buildCachePolicy = BuildCachePolicy()
    /// Containers that say nothing of it have an init of ours as their first process.
    package var usesInit = false
    /// Runtimes beside our own, by the name that `--runtime` gives.
    package var runtimes: [String: ConfiguredRuntime] = [:]
    /// Of containers that name none.
    package var defaultRuntime = "gantry"
    /// Ids of containers that do not ask for the host's; nil: they are the host's.
    package var userRemap: UserRemap?
    /// The engine's version, shown to clients.
    package var version = "0.1.0"

    package init() {}

    func containerDirectory(_ id: String) -> String { "\(dataRoot)/containers/\(id)" }

    /// - Throws: `invalid` for a filter that is none.
    package func checkBuildCachePolicy() throws(GantryError) {
        for rule in buildCachePolicy.rules ?? [] { _ = try CacheRecordFilter(rule.filters) }
    }

    /// - Throws: `invalid` for an unknown log driver or option.
    package func check() throws(GantryError) { _ = try LogConfiguration(driver: logDriver, options: logOptions) }

    /// - Throws: `invalid` for runtimes that contradict one another.
    package func checkRuntimes() throws(GantryError) { try RuntimeChoice.check(self) }
}

extension HostSettings {
    /// The daemon's driver when none is named, and its options where the container has none of its own.
    mutating func applyLogDefaults(_ configuration: EngineConfiguration) {
        if logDriver.isEmpty { logDriver = configuration.logDriver }
        guard logDriver == configuration.logDriver, logDriver != "none" else { return }
        logOptions.merge(configuration.logOptions) { own, _ in own }
    }
}
