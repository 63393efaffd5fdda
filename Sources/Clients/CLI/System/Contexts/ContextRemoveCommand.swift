import Essentials

/// `gantry context rm`
struct ContextRemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove one or more contexts", aliases: ["remove"])
    static let usageLine = "CONTEXT [CONTEXT...]"
    static let operandCount = OperandCount.atLeast(1)

    @Flag(name: .shortAndLong, help: "Force the removal of a context in use") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let store = ContextStore(directory: session.settings.configDirectory)
        try await session.forEach(operands) { name in
            guard name != "default" else { throw GantryError.invalid("context \"default\" cannot be removed") }
            guard store.exists(name) else {
                if force { return }
                throw GantryError.notFound("context \"\(name)\": context not found")
            }
            var config = try session.config()
            if config[text: "currentContext"] == name {
                guard force else { throw GantryError.conflict("context \"\(name)\" is in use, set -f flag to force remove") }
                config[text: "currentContext"] = nil
                try config.save()
            }
            try store.remove(name)
            session.console.print(name)
        }
    }
}
