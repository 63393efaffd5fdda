/// Where the engine keeps its things and what it offers by default.
package struct EngineConfiguration: Sendable {
    /// Images, containers, volumes and the database; survives restarts of the host.
    package var dataRoot = "/var/lib/gantry"
    /// Sockets and state of running containers; gone after a restart of the host.
    package var execRoot = "/run/gantry"
    /// Path of the `gantry-shim` program.
    package var shimPath = ""
    package var bridgeName = "gantry0"
    /// Address with prefix length of the default bridge; nil: the first free pool.
    package var bridgeAddress: String?
    package var registryMirrors: [String] = []
    package var insecureRegistries: [String] = []
    package var labels: [String] = []
    /// Where the host's CDI files stand; later ones win.
    package var cdiDirectories = ["/etc/cdi", "/var/run/cdi"]
    package var debug = false
    /// The engine's version, shown to clients.
    package var version = "0.1.0"

    package init() {}

    func containerDirectory(_ id: String) -> String { "\(dataRoot)/containers/\(id)" }
}
