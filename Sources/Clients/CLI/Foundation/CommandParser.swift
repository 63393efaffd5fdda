/// Turns words into a command.
enum CommandParser {
    /// What the words ask for.
    enum Outcome {
        case run(any EngineCommand)
        case help
    }

    /// - Throws: ``UsageError`` in Docker's words; ``ExitStatus`` for a wrong number of operands.
    static func parse(_ type: any EngineCommand.Type, name: String, _ words: [String]) throws -> Outcome {
        let command = type.init()
        let flags = DeclaredFlag.all(of: command)
        let hasShortHelp = !flags.contains { $0.names.contains("h") }
        if asksForHelp(words, stopsAtOperand: type.stopsAtOperand, short: hasShortHelp) { return .help }
        return .run(try fill(command, flags, name: name, words))
    }

    private static func fill<Command: EngineCommand>(
        _ command: Command, _ flags: [DeclaredFlag], name: String, _ words: [String]
    ) throws -> Command {
        var command = command
        command.operands = try FlagParser(flags, stopsAtOperand: Command.stopsAtOperand).parse(words)
        if let complaint = Command.operandCount.complaint(command.operands.count) {
            throw ExitStatus(
                1,
                "gantry: '\(name)' \(complaint)\n\nUsage:  \(name) \(Command.usageLine)\n\nRun '\(name) --help' for more information"
            )
        }
        return command
    }

    /// `--help`, and `-h` where that is no flag of the command's own, before the operands end.
    private static func asksForHelp(_ words: [String], stopsAtOperand: Bool, short: Bool) -> Bool {
        for word in words {
            if word == "--" { return false }
            if word == "--help" || short && word == "-h" { return true }
            if stopsAtOperand && !word.hasPrefix("-") { return false }
        }
        return false
    }
}
