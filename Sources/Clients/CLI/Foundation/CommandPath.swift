/// A command found by its name: the type, and the name as the user typed it.
struct CommandPath {
    var type: any ParsableCommand.Type
    /// `gantry container ls`.
    var name: String
    /// What follows the name.
    var arguments: [String]

    /// Walks down the groups as far as `words` name commands.
    /// - Throws: ``ExitStatus`` for a name that does not exist, in Docker's words.
    static func find(_ words: [String]) throws -> CommandPath {
        var path = CommandPath(type: Gantry.self, name: "gantry", arguments: words)
        while path.type.command == nil, let word = path.arguments.first, !word.hasPrefix("-") {
            guard let next = path.type.configuration.subcommands.first(where: { $0.isNamed(word) }) else {
                throw ExitStatus(
                    1, "gantry: unknown command: \(path.name) \(word)\n\nRun '\(path.name) --help' for more information")
            }
            path = CommandPath(type: next, name: "\(path.name) \(word)", arguments: Array(path.arguments.dropFirst()))
        }
        return path
    }
}

extension ParsableCommand {
    /// The name in the configuration, or the type's in lower case.
    static var shownName: String { configuration.commandName ?? "\(Self.self)".lowercased() }

    fileprivate static func isNamed(_ word: String) -> Bool { shownName == word || configuration.aliases.contains(word) }
}
