import ArgumentParser

/// The root of all commands.
package struct Gantry: CommandGroup {
    package static let version = "0.1.0"

    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "gantry", abstract: "A container platform that speaks Docker's language.",
            subcommands: containerShortcuts + [ContainerGroup.self] + imageAndSystemCommands)
    }

    package init() {}
}

extension Gantry {
    /// Which source this was built from.
    package static let build = "development"
}
