/// The root of all commands.
struct Gantry: CommandGroup {
    static let version = "0.1.0"

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "gantry", abstract: "A container platform that speaks Docker's language.",
            subcommands: containerShortcuts + [ContainerGroup.self] + imageAndSystemCommands)
    }

    init() {}
}

extension Gantry {
    /// Which source this was built from.
    static let build = "development"
}
