import ArgumentParser
import DockerServer
import Engine
import Essentials
import Logging
import ServiceLifecycle

/// The daemon's command line. Names follow dockerd's. Source: `gantryd --help`, docs of dockerd's flags.
@main
struct Gantryd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gantryd", abstract: "The container daemon: serves the Docker Engine API.",
        version: EngineConfiguration().version)

    @Option(name: [.customShort("H"), .long], help: "Socket to listen on, unix://PATH or tcp://HOST:PORT (repeatable)")
    var host: [String] = []
    @Option(name: .customLong("data-root"), help: "Root of images, containers and volumes (default /var/lib/gantry)")
    var dataRoot: String?
    @Option(name: .customLong("exec-root"), help: "Root of the state of running containers (default /run/gantry)")
    var execRoot: String?
    @Option(name: .customLong("config-file"), help: "Configuration file (default /etc/gantry/daemon.json)")
    var configFile: String?
    @Option(help: "File for the daemon's process id (default <exec-root>/gantryd.pid)")
    var pidfile: String?
    @Flag(name: [.customShort("D"), .long], help: "Debug mode: log level debug")
    var debug = false
    @Option(name: [.customShort("l"), .customLong("log-level")], help: "trace, debug, info, warn or error (default info)")
    var logLevel: String?
    @Option(name: .customLong("registry-mirror"), help: "Mirror of Docker Hub, tried first (repeatable)")
    var registryMirrors: [String] = []
    @Option(name: .customLong("insecure-registry"), help: "Registry spoken to without verified TLS (repeatable)")
    var insecureRegistries: [String] = []
    @Option(help: "Address and prefix length of the default bridge, such as 172.30.0.1/16")
    var bip: String?
    @Option(name: .customLong("bridge-name"), help: "Name of the default bridge (default gantry0)")
    var bridgeName: String?
    @Option(name: .customLong("label"), help: "Label of the daemon, key=value (repeatable)")
    var labels: [String] = []
    @Option(name: .customLong("log-driver"), help: "Log driver of containers that name none (default json-file)")
    var logDriver: String?
    @Option(name: .customLong("log-opt"), help: "Option of the default log driver, key=value (repeatable)")
    var logOptions: [String] = []
    @Flag(name: .customLong("init"), help: "Run an init in containers that say nothing of it")
    var usesInit = false
    @Flag(help: "Tell clients that this is an experimental daemon, of which Docker's asks for checkpoints only")
    var experimental = false
    @Option(
        name: .customLong("exec-opt"),
        help: "Option of the runtime: native.cgroupdriver=cgroupfs (default) or systemd (repeatable)")
    var execOptions: [String] = []
    @Option(name: .customLong("cdi-spec-dir"), help: "Directory of CDI files (default /etc/cdi and /var/run/cdi; repeatable)")
    var cdiDirectories: [String] = []
    @Option(name: .customLong("add-runtime"), help: "OCI runtime beside gantry's own, name=path (repeatable)")
    var runtimes: [String] = []
    @Option(name: .customLong("default-runtime"), help: "Runtime of containers that name none (default gantry)")
    var defaultRuntime: String?
    @Option(
        name: .customLong("userns-remap"), help: "User, user:group or default: map the ids of containers to its subordinate ids")
    var usernsRemap: String?
    @Flag(help: "Check the configuration and exit")
    var validate = false

    func run() async throws {
        do {
            let settings = try DaemonSettings(file: try ConfigurationFile.read(configFile), flags: self)
            if validate {
                print("configuration OK")
                return
            }
            try await Daemon(settings: settings).run()
        } catch let error as GantryError {
            StandardError.write("gantryd: \(error)\n" + (error.hint.map { "\nhint: \($0)\n" } ?? ""))
            throw ExitCode(1)
        }
    }
}
