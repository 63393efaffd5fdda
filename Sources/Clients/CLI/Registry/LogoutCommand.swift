/// `gantry logout`
struct LogoutCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "logout", abstract: "Log out from a registry")
    static let usageLine = "[SERVER]"
    static let operandCount = OperandCount.atMost(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let server = LoginCommand.server(operands.first)
        session.console.print("Removing login credentials for \(server)")
        var logins = try session.logins()
        try logins.erase(server)
    }
}
