/// `gantry context use`
struct ContextUseCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "use", abstract: "Set the current context")
    static let usageLine = "CONTEXT"
    static let operandCount = OperandCount.exactly(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let name = operands[0]
        if name != "default" { _ = try StoredContext.load(name, directory: session.settings.configDirectory) }
        var config = try session.config()
        config[text: "currentContext"] = name == "default" ? nil : name
        try config.save()
        session.console.print(name)
        session.console.printError("Current context is now \"\(name)\"")
        for variable in ["GANTRY_HOST", "DOCKER_HOST"] where session.environment[variable]?.isEmpty == false {
            session.console.printError("Warning: \(variable) environment variable overrides the active context")
        }
    }
}
