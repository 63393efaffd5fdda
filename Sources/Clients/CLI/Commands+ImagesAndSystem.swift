extension Gantry {
    /// Commands for images, builds, networks, volumes, registries and the system.
    static var imageAndSystemCommands: [any ParsableCommand.Type] {
        [
            BuildCommand.self, BakeCommand.self, ImageListShortcut.self, PullCommand.self, PushCommand.self, TagCommand.self,
            ImageRemoveShortcut.self,
            HistoryCommand.self, SaveCommand.self, LoadCommand.self, ImportCommand.self, SearchCommand.self, LoginCommand.self,
            LogoutCommand.self, InfoCommand.self, EventsCommand.self, VersionCommand.self, ImageGroup.self, BuilderGroup.self,
            BuildsGroup.self,
            NetworkGroup.self, VolumeGroup.self, SystemGroup.self, ContextGroup.self, SwarmCommandItself.self, NodeCommand.self,
            ServiceCommand.self, StackCommand.self, SecretCommand.self, ConfigCommand.self, PluginCommand.self,
            CheckpointGroup.self,
        ]
    }
}

/// `gantry image …`
struct ImageGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Manage images",
        subcommands: [
            BuildCommand.self, HistoryCommand.self, ImportCommand.self, ImageInspectCommand.self, ImageLayersCommand.self,
            LoadCommand.self,
            ImageListCommand.self,
            ImagePruneCommand.self, PullCommand.self, PushCommand.self, ImageRemoveCommand.self, SaveCommand.self, TagCommand.self,
            VerifyRebuildCommand.self,
        ])
}

/// `gantry builder …`
struct BuilderGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "builder", abstract: "Manage builds",
        subcommands: [
            BakeCommand.self, BuildCommand.self, CacheMountGroup.self, BuilderUsageCommand.self, BuilderPruneCommand.self,
        ],
        aliases: ["buildx"])
}

/// `gantry builds …`
struct BuildsGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "builds", abstract: "Look at past builds",
        subcommands: [BuildsListCommand.self, BuildsLogsCommand.self, BuildsInspectCommand.self, BuildsOpenCommand.self])
}

/// `gantry network …`
struct NetworkGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Manage networks",
        subcommands: [
            NetworkConnectCommand.self, NetworkCreateCommand.self, NetworkDisconnectCommand.self, NetworkInspectCommand.self,
            NetworkListCommand.self, NetworkPruneCommand.self, NetworkRemoveCommand.self,
        ])
}

/// `gantry volume …`
struct VolumeGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Manage volumes",
        subcommands: [
            VolumeCreateCommand.self, VolumeInspectCommand.self, VolumeListCommand.self, VolumePruneCommand.self,
            VolumeRemoveCommand.self,
        ])
}

/// `gantry system …`
struct SystemGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "system", abstract: "Manage Gantry",
        subcommands: [DiskUsageCommand.self, EventsCommand.self, InfoCommand.self, SystemPruneCommand.self])
}

/// `gantry context …`
struct ContextGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "Manage contexts",
        subcommands: [
            ContextCreateCommand.self, ContextInspectCommand.self, ContextListCommand.self, ContextRemoveCommand.self,
            ContextShowCommand.self, ContextUseCommand.self,
        ])
}
