/// A set of flags, as properties with the wrappers ``Flag``, ``Option`` and ``OptionGroup``. A new one has their defaults.
///
/// The wrappers are written as those of swift-argument-parser, which needs several milliseconds for the hundred flags of `run`: more
/// than all else that a short command does (docs/design/005-command-line.md).
protocol ParsableArguments: Sendable {
    init()
}

/// Something with a name on the command line.
protocol ParsableCommand: ParsableArguments {
    static var configuration: CommandConfiguration { get }
    /// Itself, unless it only groups others.
    static var command: (any EngineCommand.Type)? { get }
}

/// What is said of a command.
struct CommandConfiguration: Sendable {
    /// nil: the type's, in lower case.
    var commandName: String?
    /// One line.
    var abstract: String
    var subcommands: [any ParsableCommand.Type]
    var aliases: [String]
    /// Listed among the commands of its group.
    var shouldDisplay: Bool

    init(
        commandName: String? = nil, abstract: String = "", subcommands: [any ParsableCommand.Type] = [],
        aliases: [String] = [], shouldDisplay: Bool = true
    ) {
        self.commandName = commandName
        self.abstract = abstract
        self.subcommands = subcommands
        self.aliases = aliases
        self.shouldDisplay = shouldDisplay
    }
}
