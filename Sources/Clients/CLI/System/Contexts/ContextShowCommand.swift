/// `gantry context show`
struct ContextShowCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Print the name of the current context")
    static let usageLine = ""
    static let operandCount = OperandCount.none

    var operands: [String] = []

    func run(in session: Session) async throws { session.console.print(session.settings.contextName) }
}
