import Essentials

/// The commands of Docker's clustering. Gantry manages one machine, so each answers as Docker does where no swarm is active.
enum NotInSwarm {
    static let manager =
        "Error response from daemon: This node is not a swarm manager. Use \"docker swarm init\" or "
        + "\"docker swarm join\" to connect this node to swarm and try again."
    static let hint = "Gantry manages one machine and has no swarm mode"
}

/// A command that takes whatever stands behind it.
protocol SwarmCommand: EngineCommand {}

extension SwarmCommand {
    static var usageLine: String { "COMMAND" }
    static var operandCount: OperandCount { .any }
    static var stopsAtOperand: Bool { true }

    func run(in session: Session) async throws { throw GantryError.unavailable(NotInSwarm.manager, hint: NotInSwarm.hint) }
}

/// `gantry swarm …`
struct SwarmCommandItself: SwarmCommand {
    static let configuration = CommandConfiguration(
        commandName: "swarm", abstract: "Manage Swarm (not offered)", shouldDisplay: false)
    var operands: [String] = []

    func run(in session: Session) async throws {
        switch operands.first {
        case "leave":
            throw GantryError.unavailable("Error response from daemon: This node is not part of a swarm", hint: NotInSwarm.hint)
        case "init", "join":
            throw GantryError.unsupported("`\(session.commandName) \(operands[0])` is not offered", hint: NotInSwarm.hint)
        default: throw GantryError.unavailable(NotInSwarm.manager, hint: NotInSwarm.hint)
        }
    }
}

/// `gantry node …`
struct NodeCommand: SwarmCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Manage Swarm nodes (not offered)", shouldDisplay: false)
    var operands: [String] = []
}

/// `gantry service …`
struct ServiceCommand: SwarmCommand {
    static let configuration = CommandConfiguration(
        commandName: "service", abstract: "Manage Swarm services (not offered)", shouldDisplay: false)
    var operands: [String] = []
}

/// `gantry stack …`
struct StackCommand: SwarmCommand {
    static let configuration = CommandConfiguration(
        commandName: "stack", abstract: "Manage Swarm stacks (not offered)", shouldDisplay: false)
    var operands: [String] = []
}

/// `gantry secret …`
struct SecretCommand: SwarmCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Manage Swarm secrets (not offered)", shouldDisplay: false)
    var operands: [String] = []
}

/// `gantry config …`
struct ConfigCommand: SwarmCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Manage Swarm configs (not offered)", shouldDisplay: false)
    var operands: [String] = []
}
