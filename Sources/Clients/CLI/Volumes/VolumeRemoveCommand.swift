import DockerAPI
import EngineClient

/// `gantry volume rm`
struct VolumeRemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove one or more volumes", aliases: ["remove"])
    static let usageLine = "[OPTIONS] VOLUME [VOLUME...]"
    static let operandCount = OperandCount.atLeast(1)

    @Flag(name: .shortAndLong, help: "Force the removal of one or more volumes") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.forEach(operands) { name in
            try await session.client.removeVolume(name, force: force)
            session.console.print(name)
        }
    }
}
