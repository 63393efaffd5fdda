import ArgumentParser

extension Gantry {
    /// Commands for containers that also exist without `container` in front.
    static var containerShortcuts: [any ParsableCommand.Type] { ContainerGroup.shared + [Inspect.self] }
}

/// `gantry container …`
struct ContainerGroup: CommandGroup {
    static let shared: [any ParsableCommand.Type] = []

    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "container", abstract: "Manage containers", subcommands: shared + [])
    }
}
