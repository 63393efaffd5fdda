import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// `gantry builds logs`
struct BuildsLogsCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Show what a build printed")
    static let usageLine = "[BUILD]"
    static let operandCount = OperandCount.atMost(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        session.console.write(try await session.client.buildLog(operands.first ?? "latest"))
    }
}

/// `gantry builds inspect`
struct BuildsInspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show a build's steps with their times and why they were done")
    static let usageLine = "[OPTIONS] [BUILD]"
    static let operandCount = OperandCount.atMost(1)

    @Flag(help: "As JSON") var json = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let build = try await session.client.build(operands.first ?? "latest")
        if json { return session.console.write(try EngineJSON.line(build)) }
        session.console.text(Self.text(build))
    }

    static func text(_ build: BuildRecordBody) -> String {
        var text = "Build:    \(build.id)\n"
        if !build.name.isEmpty { text += "Name:     \(build.name)\n" }
        text += "Status:   \(build.status)\nStarted:  \(build.startedAt)\n"
        if let duration = build.durationMs { text += "Duration: \(BuildProgress.seconds(Double(duration) / 1000))s\n" }
        if let image = build.image { text += "Image:    \(image)\n" }
        if let error = build.error { text += "Error:    \(error)\n" }
        text += "\n"
        for step in build.steps {
            let time = step.endedMs.map { BuildProgress.seconds(Double($0 - step.startedMs) / 1000, digits: 2) + "s" } ?? "-"
            text += "\(String(repeating: " ", count: max(0, 8 - time.count)))\(time)  \(step.state)  [\(step.stage)] \(step.name)\n"
            for reason in step.reasons { text += "            because: \(reason)\n" }
        }
        return text
    }
}

/// `gantry builds open`
struct BuildsOpenCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Draw a build's timeline as an SVG picture")
    static let usageLine = "[OPTIONS] [BUILD]"
    static let operandCount = OperandCount.atMost(1)

    @Option(name: .shortAndLong, help: "Write to a file (default: \"build-<ID>.svg\"), - for STDOUT") var output: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let build = try await session.client.build(operands.first ?? "latest")
        let picture = BuildTimeline(build: build).svg
        if output == "-" { return session.console.text(picture) }
        let path = output ?? "build-\(build.id.prefix(12)).svg"
        do { try FileSystem.replace(path, with: picture) } catch {
            throw GantryError(.unavailable, "cannot write the picture to `\(path)`", cause: error)
        }
        session.console.print(path)
    }
}
