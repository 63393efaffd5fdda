import DockerAPI
import EngineClient
import Essentials

/// `gantry attach`
struct AttachCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Attach local standard input, output, and error streams to a running container")
    static let usageLine = "[OPTIONS] CONTAINER"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Override the key sequence for detaching a container") var detachKeys: String?
    @Flag(help: "Do not attach STDIN") var noStdin = false
    @Flag(inversion: .prefixedNo, help: "Proxy all received signals to the process") var sigProxy = true
    var operands: [String] = []

    func run(in session: Session) async throws {
        let container = try await session.client.inspectContainer(operands[0])
        try Self.check(container.state)
        let sendsInput = !noStdin && container.config.openStdin
        if container.config.tty, sendsInput, !session.console.inputIsTerminal {
            throw ExitStatus(1, "the input device is not a TTY")
        }
        let attachment = ContainerAttachment(
            container: container, sendsInput: sendsInput, proxiesSignals: sigProxy,
            detachKeys: try detachKeys ?? session.config()[text: "detachKeys"], session: session)
        let status = try await attachment.follow(waitingFor: "not-running")
        if status != 0 { throw ExitStatus(status) }
    }

    private static func check(_ state: ContainerState) throws {
        if !state.running { throw ExitStatus(1, "You cannot attach to a stopped container, start it first") }
        if state.paused { throw ExitStatus(1, "You cannot attach to a paused container, unpause it first") }
        if state.restarting { throw ExitStatus(1, "You cannot attach to a restarting container, wait until it is running") }
    }
}

/// Being attached to a container that exists, for `attach` and `start --attach`.
struct ContainerAttachment: Sendable {
    var container: ContainerInspect
    var sendsInput: Bool
    var proxiesSignals: Bool
    var detachKeys: String?
    var session: Session

    /// - Parameter start: called when attached.
    /// - Returns: the container's exit status.
    func follow(waitingFor condition: String, start: @Sendable () async throws -> Void = {}) async throws -> Int32 {
        let (client, id, console) = (session.client, container.id, session.console)
        let hasTerminal = container.config.tty
        var options = AttachOptions()
        options.stdin = sendsInput
        options.stdout = true
        options.stderr = true
        options.detachKeys = detachKeys
        let keys = try detachKeys.map { try EscapeKeys($0) } ?? .standard
        let connection = try await client.attach(id, options)
        let exit = try await ExitWatch.begin(id, condition: condition, client: client)
        let relay = StreamRelay(
            connection: connection, terminal: hasTerminal, sendsInput: sendsInput, escapeKeys: keys, console: console)
        let attached = AttachedRun(container: id, relay: relay, forwards: proxiesSignals, client: client)
        if try await attached.follow(start: start) == .detached { throw ExitStatus(1, "read escape sequence") }
        return try await exit.status()
    }
}
