import Essentials

/// `gantry plugin …`: there are no plugins, so the list is empty and the rest is refused.
struct PluginCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Manage plugins (not offered)", shouldDisplay: false)
    static let usageLine = "COMMAND"
    static let operandCount = OperandCount.atLeast(1)
    static let stopsAtOperand = true

    var operands: [String] = []

    func run(in session: Session) async throws {
        switch operands[0] {
        case "ls", "list":
            var table = Table()
            table.add(["ID", "NAME", "DESCRIPTION", "ENABLED"])
            session.console.text(table.text)
        case "inspect":
            session.console.print("[]")
            let errors = operands.dropFirst().filter { !$0.hasPrefix("-") }.map {
                "Error response from daemon: plugin \"\($0)\" not found"
            }
            throw ExitStatus(1, errors.joined(separator: "\n"))
        default:
            throw GantryError.unsupported("`\(session.commandName) \(operands[0])` is not offered", hint: "Gantry has no plugins")
        }
    }
}
