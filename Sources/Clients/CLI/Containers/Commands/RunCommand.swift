import EngineClient
import Essentials

/// `gantry run`
struct RunCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Create and run a new container from an image")
    static let usageLine = "[OPTIONS] IMAGE [COMMAND] [ARG...]"
    static let operandCount = OperandCount.atLeast(1)
    static let stopsAtOperand = true
    static let failsAsRun = true

    @Flag(name: .shortAndLong, help: "Run container in background and print container ID") var detach = false
    @Option(help: "Override the key sequence for detaching a container") var detachKeys: String?
    @Flag(inversion: .prefixedNo, help: "Proxy received signals to the process") var sigProxy = true
    @OptionGroup var flags: ContainerFlags
    var operands: [String] = []

    func run(in session: Session) async throws {
        let specification = try ContainerSpecification(flags, words: operands, environment: session.environment)
        if detach, specification.choseStreams {
            throw ExitStatus(1, "conflicting options: cannot specify both --attach and --detach")
        }
        let run = ContainerRun(
            specification: specification, detached: detach, proxiesSignals: sigProxy,
            detachKeys: try detachKeys ?? session.config()[text: "detachKeys"], session: session)
        let status = try await run.perform()
        if status != 0 { throw ExitStatus(status) }
    }
}
