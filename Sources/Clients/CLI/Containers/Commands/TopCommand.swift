import DockerAPI
import EngineClient

/// `gantry top`
struct TopCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "top", abstract: "Display the running processes of a container")
    static let usageLine = "CONTAINER [ps OPTIONS]"
    static let operandCount = OperandCount.atLeast(1)
    static let stopsAtOperand = true

    var operands: [String] = []

    func run(in session: Session) async throws {
        let processes = try await session.client.processes(of: operands[0], arguments: Array(operands.dropFirst()))
        var table = Table(minimumWidth: 20, padding: 3)
        table.add(processes.titles)
        for row in processes.processes { table.add(row) }
        session.console.text(table.text)
    }
}
