import DockerAPI
import EngineClient
import Essentials

/// `gantry why`
struct WhyCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say why a container ended, does not start, is unhealthy or keeps restarting")
    static let usageLine = "[OPTIONS] CONTAINER"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Format output: 'json' or a Go template") var format: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let container = try await session.client.inspectContainer(operands[0])
        guard let why = container.why else {
            throw GantryError.unsupported("the daemon does not say why: it is not Gantry, or older than this command")
        }
        if let format, !format.isEmpty {
            return try session.showObject(try Value(json: try EngineJSON.encode(why)), format: format)
        }
        session.console.text(WhyText(container: container, why: why).text)
    }
}

/// The screen of `gantry why`.
struct WhyText {
    let container: ContainerInspect
    let why: WhyBody

    var text: String {
        var result = "\(container.name.drop { $0 == "/" }) (\(Identifier.short(container.id))): \(why.summary)\n"
        for fact in why.facts { result += "  \(fact)\n" }
        if let next = why.nextStartAt { result += "  next start: \(Self.time(next))\n" }
        if !why.advice.isEmpty {
            result += "\nWhat to do\n"
            for advice in why.advice { result += "  \(advice)\n" }
        }
        if why.ends.count > 1 || (why.ends.count == 1 && container.state.running) { result += "\nLast runs\n" + history }
        return result
    }

    private var history: String {
        var table = Table()
        table.add(["  STARTED", "LASTED", "CODE", "SIGNAL", "CAUSE", "RESTARTED AFTER"])
        for end in why.ends {
            table.add([
                "  " + (end.startedAt.map(Self.time) ?? "-"), Self.span(end), String(end.exitCode), end.signal ?? "-",
                Self.cause(end),
                end.restartDelayMs.map(Self.delay) ?? "-",
            ])
        }
        return table.text
    }

    private static func cause(_ end: EndBody) -> String {
        end.cause == "requested" ? "requested: \(end.request?.action ?? "")" : end.cause
    }

    private static func span(_ end: EndBody) -> String {
        guard let from = end.startedAt.flatMap({ Timestamp(rfc3339: $0) }), let to = Timestamp(rfc3339: end.finishedAt) else {
            return "-"
        }
        return delay((to.nanoseconds - from.nanoseconds) / 1_000_000)
    }

    /// `350ms`, `2.5s`, `95s`.
    private static func delay(_ milliseconds: Int64) -> String {
        if milliseconds < 1000 { return "\(max(0, milliseconds))ms" }
        let tenths = milliseconds / 100
        return tenths % 10 == 0 || tenths >= 100 ? "\(milliseconds / 1000)s" : "\(tenths / 10).\(tenths % 10)s"
    }

    private static func time(_ text: String) -> String {
        Timestamp(rfc3339: text).map { String(HumanTime.stamp($0).prefix(19)) } ?? text
    }
}
