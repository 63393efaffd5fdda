import EngineClient

/// `gantry stop`
struct StopCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "stop", abstract: "Stop one or more running containers")
    static let usageLine = "[OPTIONS] CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Signal to send to the container") var signal: String?
    @Option(name: [.customShort("t"), .long, .customLong("time")], help: "Seconds to wait before killing the container")
    var timeout: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let seconds = try timeout.map { try FlagValue.integer($0, flag: "-t, --timeout", as: Int.self) }
        try await session.inParallel(operands) { [signal] name in
            try await session.client.stopContainer(name, signal: signal, timeout: seconds)
        }
    }
}

/// `gantry restart`
struct RestartCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Restart one or more containers")
    static let usageLine = StopCommand.usageLine
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Signal to send to the container") var signal: String?
    @Option(name: [.customShort("t"), .long, .customLong("time")], help: "Seconds to wait before killing the container")
    var timeout: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let seconds = try timeout.map { try FlagValue.integer($0, flag: "-t, --timeout", as: Int.self) }
        try await session.inParallel(operands) { [signal] name in
            try await session.client.restartContainer(name, signal: signal, timeout: seconds)
        }
    }
}
