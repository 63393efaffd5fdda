import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

/// What criu is told at both ends. Source: runc, checkpoint and restore.
struct CheckpointArguments: ParsableArguments {
    @Option(name: .customLong("image-path"), help: "Directory of the images.") var imagePath = "checkpoint"
    @Option(name: .customLong("work-path"), help: "Directory for criu's log.") var workPath: String?
    @Flag(name: .customLong("tcp-established"), help: "Open TCP connections stay so.") var establishedTCP = false
    @Flag(name: .customLong("ext-unix-sk"), help: "Unix sockets whose other end is outside are let be.") var outsideSockets = false
    @Flag(name: .customLong("shell-job"), help: "The first process may belong to a session of the caller's.") var shellJob = false
    @Flag(name: .customLong("file-locks"), help: "Locks on files are taken again.") var fileLocks = false
    @Option(name: .customLong("manage-cgroups-mode"), help: "soft, full or strict.") var controlGroups = "soft"
    @Option(name: .customLong("empty-ns"), help: "network: make the network namespace empty.") var emptyNamespaces: [String] = []

    func validate() throws {
        guard ["soft", "full", "strict"].contains(controlGroups) else {
            throw ValidationError("--manage-cgroups-mode must be soft, full or strict, not `\(controlGroups)`")
        }
        guard emptyNamespaces.allSatisfy({ $0 == "network" }) else {
            throw ValidationError("--empty-ns must be network, not `\(emptyNamespaces.joined(separator: " "))`")
        }
    }

    var options: CheckpointOptions {
        var result = CheckpointOptions()
        result.establishedTCP = establishedTCP
        result.externalUnixSockets = outsideSockets
        result.shellJob = shellJob
        result.fileLocks = fileLocks
        result.controlGroups = controlGroups
        result.emptyNetwork = !emptyNamespaces.isEmpty
        return result
    }

    /// criu works in a directory of its own, so names must be whole.
    func directories() throws -> (images: String, work: String) {
        let images = try Self.absolute(imagePath)
        return (images, try workPath.map(Self.absolute) ?? images)
    }

    private static func absolute(_ path: String) throws -> String {
        try FileSystem.makeDirectories(path, mode: 0o700)
        guard let resolved = realpath(path, nil) else { throw SystemError.last("realpath", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

struct Checkpoint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Keep the state of a container's processes, and delete it.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var arguments: CheckpointArguments
    @Flag(name: .customLong("leave-running"), help: "Let the container run on.") var leaveRunning = false
    @Argument var id: String

    func run() async throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        let status = root.status(container)
        guard status == "running" else { throw GantryError.conflict("container not running: it is \(status)") }
        guard container.specification.process?.terminal != true else {
            throw GantryError.unsupported("containers with a terminal cannot be checkpointed")
        }
        let directories = try arguments.directories()
        var request = CheckpointRequest(directory: directories.images, workDirectory: directories.work)
        request.leavesRunning = leaveRunning
        request.hasOwnNetwork =
            container.specification.linux?.namespaces?.contains { $0.type == .network && $0.path == nil } ?? false
        request.options = arguments.options
        try await root.runtime.checkpoint(id, processID: container.processID, request)
        if !leaveRunning { try await root.delete(container) }
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create a container that goes on from a checkpoint.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var arguments: CheckpointArguments
    @OptionGroup var options: CreationOptions
    @Flag(name: .shortAndLong, help: "Do not wait for the container's end.") var detach = false

    func run() async throws {
        let root = try RuntimeRoot(global)
        let directories = try arguments.directories()
        var restore = RestoreRequest(directory: directories.images, workDirectory: directories.work)
        restore.options = arguments.options
        let (process, container) = try await options.create(root, global, detached: detach, restore: restore)
        do {
            if detach { return try await root.start(container) {} }
            let foreground = Foreground(process: process, terminal: false)
            let code = try await foreground.run { body in
                try await body()
                try await root.start(try options.record(process, in: root)) {}
            }
            try await root.delete(container)
            throw ExitCode(code)
        } catch let code as ExitCode { throw code } catch {
            if try root.exists(options.id) { try await root.delete(container) }
            throw error
        }
    }
}
