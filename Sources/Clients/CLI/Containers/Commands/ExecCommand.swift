import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// `gantry exec`
struct ExecCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Execute a command in a running container")
    static let usageLine = "[OPTIONS] CONTAINER COMMAND [ARG...]"
    static let operandCount = OperandCount.atLeast(2)
    static let stopsAtOperand = true

    @Flag(name: .shortAndLong, help: "Detached mode: run command in the background") var detach = false
    @Option(help: "Override the key sequence for detaching a container") var detachKeys: String?
    @Option(name: .shortAndLong, help: "Set environment variables") var env: [String] = []
    @Option(help: "Read in a file of environment variables") var envFile: [String] = []
    @Flag(name: .shortAndLong, help: "Keep STDIN open even if not attached") var interactive = false
    @Flag(help: "Give extended privileges to the command") var privileged = false
    @Flag(name: .shortAndLong, help: "Allocate a pseudo-TTY") var tty = false
    @Option(name: .shortAndLong, help: "Username or UID (format: \"<name|uid>[:<group|gid>]\")") var user = ""
    @Option(name: .shortAndLong, help: "Working directory inside the container") var workdir = ""
    var operands: [String] = []

    func run(in session: Session) async throws {
        let keys = try detachKeys ?? session.config()[text: "detachKeys"]
        let body = try body(environment: session.environment, keys: keys)
        // A stopped container is told of first, before the terminal.
        let container = operands[0]
        if !detach, tty, interactive, !session.console.inputIsTerminal {
            // A container that does not exist is told first.
            _ = try await session.client.inspectContainer(container)
            throw ExitStatus(1, "the input device is not a TTY")
        }
        let id = try await session.client.createExec(in: container, body)
        if detach { return try await session.client.startExec(id, terminal: tty) }
        let status = try await ExecRun(id: id, body: body, keys: try keys.map { try EscapeKeys($0) } ?? .standard, session: session)
            .perform()
        if status != 0 { throw ExitStatus(status) }
    }

    /// Source: Engine API 1.51, ExecConfig.
    private func body(environment: [String: String], keys: String?) throws -> ExecCreateBody {
        var body = ExecCreateBody()
        body.user = user
        body.privileged = privileged
        body.tty = tty
        body.attachStdin = interactive && !detach
        body.attachStdout = !detach
        body.attachStderr = !detach
        body.detachKeys = keys ?? ""
        body.env = try EnvironmentFlags.variables(files: envFile, pairs: env, environment: environment)
        body.workingDir = workdir
        body.cmd = Array(operands.dropFirst())
        if tty, let size = TerminalSize.of(descriptor: 1) { body.consoleSize = [Int(size.rows), Int(size.columns)] }
        return body
    }
}

/// Starts an exec and follows it to its end.
struct ExecRun: Sendable {
    var id: String
    var body: ExecCreateBody
    var keys: EscapeKeys
    var session: Session

    /// - Returns: the exit status of the command.
    func perform() async throws -> Int32 {
        let (client, id, console) = (session.client, id, session.console)
        let connection = try await client.attachExec(id, terminal: body.tty, size: body.consoleSize)
        let relay = StreamRelay(
            connection: connection, terminal: body.tty, sendsInput: body.attachStdin, escapeKeys: keys, console: console)
        var attached = AttachedRun(relay: relay, takesTerminal: body.tty && body.attachStdin && console.inputIsTerminal)
        if body.tty && console.outputIsTerminal {
            attached.resize = { size in try await client.resizeExec(id, columns: size.columns, rows: size.rows) }
        }
        if try await attached.follow() == .detached { throw ExitStatus(1, "read escape sequence") }
        let state = try await client.inspectExec(id)
        return Int32(truncatingIfNeeded: state.exitCode ?? 0)
    }
}
