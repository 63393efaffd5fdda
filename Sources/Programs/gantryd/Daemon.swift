import DockerServer
import Engine
import Essentials
import Glibc
import LinuxSystem
import Logging
import ServiceLifecycle
import UnixSignals

/// Starts the engine and its doors, and ends them in the opposite order.
struct Daemon {
    let settings: DaemonSettings

    func run() async throws {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = self.settings.logLevel
            return handler
        }
        let logger = Logger(label: "gantryd")
        // A write to a client that is gone is an error to handle, not a signal to die of.
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit(logger)
        try FileSystem.makeDirectories(settings.engine.execRoot, mode: 0o711)
        let pidfile = try PidFile(settings.pidfile)
        defer { pidfile.remove(logger) }
        let engine = try Engine(configuration: settings.engine, logger: logger)
        try await engine.start()
        let server = try DockerServer(
            engine: engine,
            configuration: DockerServerConfiguration(
                hosts: settings.hosts, version: settings.engine.version, isExperimental: settings.isExperimental),
            logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: MemoryTrim()), .init(service: server, failureTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
        logger.info(
            "daemon ready",
            metadata: ["hosts": "\(settings.hosts.joined(separator: " "))", "dataRoot": "\(settings.engine.dataRoot)"])
        do {
            try await group.run()
        } catch {
            await engine.shutdown()
            throw (error as? GantryError) ?? GantryError.internal("the daemon's server failed", cause: error)
        }
        await engine.shutdown()
        logger.info("daemon ended; containers run on")
    }

    /// The service library describes every service whole when it debugs.
    private func quiet(_ logger: Logger) -> Logger {
        var copy = logger
        copy.logLevel = max(logger.logLevel, .info)
        return copy
    }

    /// As many descriptors as the host allows without asking for more than its hard limit.
    private func raiseDescriptorLimit(_ logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.warning(
                "the limit of open files stays as it was", metadata: ["error": "\(SystemError("setrlimit", errno: errno))"])
        }
    }
}

/// The file that names the daemon's process; refuses to start over a daemon that lives.
struct PidFile {
    let path: String

    /// - Throws: `conflict` when the process it names runs.
    init(_ path: String) throws {
        self.path = path
        if let text = try? FileSystem.readText(path, limit: 64), let id = Int32(text.filter(\.isNumber)), id != getpid(),
            let name = try? FileSystem.readText("/proc/\(id)/comm", limit: 64), name.hasPrefix("gantryd")
        {
            throw GantryError.conflict("process with PID \(id) is still running, as `\(path)` says")
        }
        try FileSystem.replace(path, with: "\(getpid())\n")
    }

    func remove(_ logger: Logger) {
        do { try FileSystem.remove(path) } catch {
            logger.warning("the pid file stays", metadata: ["error": "\(error)"])
        }
    }
}

/// Plain text for the person who started the daemon.
enum StandardError {
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
