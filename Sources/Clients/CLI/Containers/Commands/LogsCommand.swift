import DockerAPI
import EngineClient
import Essentials

/// `gantry logs`
struct LogsCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Fetch the logs of a container")
    static let usageLine = "[OPTIONS] CONTAINER"
    static let operandCount = OperandCount.exactly(1)

    @Flag(help: "Show extra details provided to logs") var details = false
    @Flag(name: .shortAndLong, help: "Follow log output") var follow = false
    @Option(help: "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)") var since =
        ""
    @Option(name: [.customShort("n"), .long], help: "Number of lines to show from the end of the logs") var tail = "all"
    @Flag(name: .shortAndLong, help: "Show timestamps") var timestamps = false
    @Option(help: "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)")
    var until = ""
    var operands: [String] = []

    func run(in session: Session) async throws {
        let container = try await session.client.inspectContainer(operands[0])
        var options = LogOptions()
        options.follow = follow
        options.timestamps = timestamps
        options.details = details
        options.tail = tail
        options.since = try Self.time(since, "since")
        options.until = try Self.time(until, "until")
        var decoder = MultiplexedFrameDecoder()
        for try await bytes in try await session.client.logs(container.id, options) {
            guard !container.config.tty else {
                session.console.write(bytes)
                continue
            }
            for frame in try decoder.feedMerging(Array(bytes)) {
                if frame.kind == .stdout { session.console.write(frame.bytes) } else { session.console.writeError(frame.bytes) }
            }
        }
    }

    private static func time(_ text: String, _ flag: String) throws -> String? {
        guard !text.isEmpty else { return nil }
        do { return try TimeArgument.parse(text, now: .now()) } catch let error as GantryError {
            throw GantryError.invalid("invalid value for \"\(flag)\": \(error.message)")
        }
    }
}
