extension Gantry {
    /// Commands for containers that also exist without `container` in front.
    static var containerShortcuts: [any ParsableCommand.Type] {
        ContainerGroup.shared + [ContainerListShortcut.self, InspectCommand.self]
    }
}

/// `gantry container …`
struct ContainerGroup: CommandGroup {
    /// Those that have the same name with and without `container`.
    static let shared: [any ParsableCommand.Type] = [
        RunCommand.self, CreateCommand.self, StartCommand.self, StopCommand.self, RestartCommand.self, KillCommand.self,
        PauseCommand.self, UnpauseCommand.self, WaitCommand.self, RemoveCommand.self, RenameCommand.self, UpdateCommand.self,
        TopCommand.self, StatsCommand.self, AttachCommand.self, ExecCommand.self, LogsCommand.self, CopyCommand.self,
        DiffCommand.self,
        CommitCommand.self, ExportCommand.self, PortCommand.self, WhyCommand.self,
    ]

    static let configuration = CommandConfiguration(
        commandName: "container", abstract: "Manage containers",
        subcommands: shared + [ContainerListCommand.self, ContainerInspectCommand.self, ContainerPruneCommand.self])
}
