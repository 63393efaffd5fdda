/// `gantry inspect`: any object by name or id.
struct Inspect: EngineCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "inspect", abstract: "Return low-level information on Gantry objects")
    }
    static var usageLine: String { "[OPTIONS] NAME|ID [NAME|ID...]" }
    static var operandCount: OperandCount { .atLeast(1) }

    var operands: [String] = []

    func run(in session: Session) async throws {}
}
