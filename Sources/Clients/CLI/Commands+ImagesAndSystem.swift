import ArgumentParser

extension Gantry {
    /// Commands for images, builds, networks, volumes, registries and the system.
    static var imageAndSystemCommands: [any ParsableCommand.Type] { [] }
}
