/// `gantry checkpoint …`
struct CheckpointGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Manage checkpoints",
        subcommands: [CheckpointCreateCommand.self, CheckpointListCommand.self, CheckpointRemoveCommand.self])
}
