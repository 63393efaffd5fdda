import DockerAPI
import EngineClient
import Essentials

/// `gantry start`
struct StartCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start one or more stopped containers")
    static let usageLine = "[OPTIONS] CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    @Flag(name: .shortAndLong, help: "Attach STDOUT/STDERR and forward signals") var attach = false
    @Flag(name: .shortAndLong, help: "Attach container's STDIN") var interactive = false
    @Option(help: "Override the key sequence for detaching a container") var detachKeys: String?
    @Option(help: "Restore from this checkpoint") var checkpoint: String?
    @Option(help: "Use a custom checkpoint storage directory") var checkpointDir: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        if attach || interactive {
            guard operands.count == 1 else { throw ExitStatus(1, "you cannot start and attach multiple containers at once") }
            return try await startAttached(operands[0], session)
        }
        var failed: [String] = []
        for name in operands {
            do {
                try await start(name, session)
                session.console.print(name)
            } catch let error as GantryError {
                session.console.printError(ErrorText.of(error))
                failed.append(name)
            }
        }
        guard failed.isEmpty else { throw ExitStatus(1, "Error: failed to start containers: \(failed.joined(separator: ", "))") }
    }

    private func start(_ name: String, _ session: Session) async throws {
        try await session.client.startContainer(name, checkpoint: checkpoint, checkpointDirectory: checkpointDir)
    }

    private func startAttached(_ name: String, _ session: Session) async throws {
        let container = try await session.client.inspectContainer(name)
        let sendsInput = interactive && container.config.openStdin
        if container.config.tty, sendsInput, !session.console.inputIsTerminal {
            throw ExitStatus(1, "the input device is not a TTY")
        }
        let attachment = ContainerAttachment(
            container: container, sendsInput: sendsInput, proxiesSignals: true,
            detachKeys: try detachKeys ?? session.config()[text: "detachKeys"], session: session)
        let condition = container.hostConfig.autoRemove ? "removed" : "next-exit"
        let status = try await attachment.follow(waitingFor: condition) { try await start(container.id, session) }
        if status != 0 { throw ExitStatus(status) }
    }
}
