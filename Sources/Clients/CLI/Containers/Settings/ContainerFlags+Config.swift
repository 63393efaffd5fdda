import DockerAPI
import Essentials

extension ContainerFlags {
    /// The part that says what runs. Source: Engine API 1.51, ContainerConfig.
    func config(words: [String], environment: [String: String]) throws -> ContainerConfig {
        var config = ContainerConfig()
        config.image = words.first ?? ""
        config.cmd = words.count > 1 ? Array(words.dropFirst()) : nil
        // An empty entry point is sent as one empty word: it clears that of the image.
        config.entrypoint = entrypoint.map { [$0] }
        config.hostname = network.hostname
        config.domainname = network.domainname
        config.user = user
        config.workingDir = workdir
        config.tty = tty
        config.openStdin = interactive
        let streams = try attachedStreams()
        config.attachStdin = streams.contains("stdin") || interactive
        config.attachStdout = streams.isEmpty || streams.contains("stdout")
        config.attachStderr = streams.isEmpty || streams.contains("stderr")
        config.stdinOnce = config.openStdin && config.attachStdin
        config.env = try EnvironmentFlags.variables(files: envFile, pairs: env, environment: environment)
        config.labels = try labels()
        config.stopSignal = stopSignal
        config.stopTimeout = try stopTimeout.map { try FlagValue.integer($0, flag: "--stop-timeout", as: Int.self) }
        config.healthcheck = try healthcheck()
        return config
    }

    private func attachedStreams() throws -> Set<String> {
        var result: Set<String> = []
        for stream in attach {
            let name = stream.lowercased()
            guard ["stdin", "stdout", "stderr"].contains(name) else {
                throw UsageError.invalid(stream, flag: "-a, --attach", "valid streams are STDIN, STDOUT and STDERR")
            }
            result.insert(name)
        }
        return result
    }

    private func labels() throws -> [String: String] {
        for pair in label where pair.hasPrefix("=") {
            throw UsageError.invalid(pair, flag: "-l, --label", "invalid label '\(pair)': empty name")
        }
        var lines: [String] = []
        for path in labelFile { lines += try EnvironmentFlags.lines(of: path, kind: "label", environment: nil) }
        return FlagValue.map(lines + label)
    }

    private func healthcheck() throws -> HealthConfig? {
        let isTouched = [healthCmd, healthInterval, healthTimeout, healthRetries, healthStartPeriod, healthStartInterval]
            .contains { $0 != nil }
        var health = HealthConfig()
        if noHealthcheck {
            guard !isTouched else { throw GantryError.invalid("--no-healthcheck conflicts with --health-* options") }
            health.test = ["NONE"]
            return health
        }
        guard isTouched else { return nil }
        func nanoseconds(_ text: String?, _ name: String) throws -> Int64 {
            guard let text else { return 0 }
            let value = try FlagValue.duration(text, flag: "--health-\(name)")
            guard value >= 0 else { throw GantryError.invalid("--health-\(name) cannot be negative") }
            return value
        }
        health.test = healthCmd.flatMap { $0.isEmpty ? nil : ["CMD-SHELL", $0] }
        health.interval = try nanoseconds(healthInterval, "interval")
        health.timeout = try nanoseconds(healthTimeout, "timeout")
        health.startPeriod = try nanoseconds(healthStartPeriod, "start-period")
        health.startInterval = try nanoseconds(healthStartInterval, "start-interval")
        health.retries = try healthRetries.map { try FlagValue.integer($0, flag: "--health-retries", as: Int.self) } ?? 0
        guard health.retries >= 0 else { throw GantryError.invalid("--health-retries cannot be negative") }
        return health
    }
}
