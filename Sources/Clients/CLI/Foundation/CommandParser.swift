import ArgumentParser

/// Turns words into a command.
enum CommandParser {
    /// What the words ask for.
    enum Outcome {
        case run(any EngineCommand)
        case help
    }

    /// - Throws: ``UsageError`` in Docker's words; ``ExitStatus`` for a wrong number of operands.
    static func parse(_ type: any EngineCommand.Type, name: String, _ words: [String]) throws -> Outcome {
        let normalizer = try FlagNormalizer(type)
        if asksForHelp(words, stopsAtOperand: type.stopsAtOperand) { return .help }
        let (flags, operands) = try normalizer.normalize(words)
        var command = try parseFlags(type, flags)
        command.operands = operands
        if let complaint = type.operandCount.complaint(operands.count) {
            throw ExitStatus(
                1,
                "gantry: '\(name)' \(complaint)\n\nUsage:  \(name) \(type.usageLine)\n\nRun '\(name) --help' for more information")
        }
        try command.validate()
        return .run(command)
    }

    private static func parseFlags<Command: EngineCommand>(_ type: Command.Type, _ flags: [String]) throws -> any EngineCommand {
        do { return try type.parse(flags) } catch {
            // ArgumentParser's own sentence, without the usage below it.
            let text = type.message(for: error)
            throw UsageError(text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text)
        }
    }

    /// `--help` (and `-h` where that is no flag of the command's own) before the operands end.
    private static func asksForHelp(_ words: [String], stopsAtOperand: Bool) -> Bool {
        for word in words {
            if word == "--" { return false }
            if word == "--help" { return true }
            if stopsAtOperand && !word.hasPrefix("-") { return false }
        }
        return false
    }
}
