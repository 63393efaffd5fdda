/// One command: its flags and operands, and what it does with them.
///
/// `EntryPoint` finds the command by its name, parses, checks the number of operands, and calls ``run(in:)`` with the settings
/// that hold for every command.
protocol EngineCommand: ParsableCommand {
    /// What follows the name in `Usage:`, such as `[OPTIONS] CONTAINER [CONTAINER...]`.
    static var usageLine: String { get }
    static var operandCount: OperandCount { get }
    /// Flags end at the first operand: what follows belongs to somebody else (`run`, `exec`).
    static var stopsAtOperand: Bool { get }
    /// A failure exits with 125 and points to `--help`: `run` and `create`.
    static var failsAsRun: Bool { get }
    /// Everything that is no flag.
    var operands: [String] { get set }

    func run(in session: Session) async throws
}

extension EngineCommand {
    static var command: (any EngineCommand.Type)? { Self.self }
    static var stopsAtOperand: Bool { false }
    static var failsAsRun: Bool { false }
}

/// How many operands a command takes.
enum OperandCount: Sendable, Equatable {
    case none
    case exactly(Int)
    case atLeast(Int)
    case atMost(Int)
    case between(Int, Int)
    case any

    /// Docker's words for a wrong count, nil when `count` is right.
    func complaint(_ count: Int) -> String? {
        func plural(_ number: Int) -> String { "\(number) argument\(number == 1 ? "" : "s")" }
        switch self {
        case .none where count > 0: return "accepts no arguments"
        case .exactly(let wanted) where count != wanted: return "requires \(plural(wanted))"
        case .atLeast(let wanted) where count < wanted: return "requires at least \(plural(wanted))"
        case .atMost(let wanted) where count > wanted: return "requires at most \(plural(wanted))"
        case .between(let least, let most) where count < least || count > most:
            return "requires at least \(least) and at most \(plural(most))"
        default: return nil
        }
    }
}

/// A command that only groups others, such as `container`.
protocol CommandGroup: ParsableCommand {}

extension CommandGroup {
    static var command: (any EngineCommand.Type)? { nil }
}
