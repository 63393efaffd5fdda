import ArgumentParser
import ContainerRuntime
import Essentials
import OCI

/// Options that say what to run and for whom.
struct CreationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Directory with config.json.") var bundle = "."
    @Option(name: .customLong("pid-file"), help: "File that gets the process's number.") var pidFile: String?
    @Option(name: .customLong("console-socket"), help: "Unix socket that gets the terminal's master.") var consoleSocket: String?
    @Flag(name: .customLong("no-pivot"), help: .hidden) var noPivot = false
    @Option(name: .customLong("preserve-fds"), help: .hidden) var preserveDescriptors = 0
    @Argument(help: "Name of the container.") var id: String

    /// Starts the container held; its record is written.
    func create(_ root: RuntimeRoot, detached: Bool) async throws -> (ShimProcess, RuntimeSpecification) {
        guard !noPivot else {
            throw GantryError.unsupported("--no-pivot is not supported: the root is always changed with pivot_root")
        }
        guard preserveDescriptors == 0 else { throw GantryError.unsupported("--preserve-fds is not supported") }
        guard try !root.exists(id) else { throw GantryError.conflict("container with given ID already exists") }
        let bundle = try Bundle(bundle)
        let terminal = bundle.specification.process?.terminal ?? false
        let inherited = detached ? try CallerStreams.inherited(terminal: terminal, consoleSocket: consoleSocket) : nil
        let process = try await root.runtime.start(try bundle.request(id, hold: true, inherited: inherited))
        do {
            try root.save(
                StoredContainer(
                    id: id, bundle: bundle.path, processID: process.processID,
                    processStart: RuntimeRoot.start(of: process.processID),
                    annotations: bundle.specification.annotations, created: Timestamp.now().rfc3339,
                    cgroupsPath: bundle.specification.linux?.cgroupsPath))
            try writeProcessID(process.processID, to: pidFile)
        } catch {
            try root.remove(id)
            throw error
        }
        return (process, bundle.specification)
    }
}

struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prepare a container; its program waits for start.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: CreationOptions

    func run() async throws { _ = try await options.create(try RuntimeRoot(global), detached: true) }
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create and start a container, and wait for it.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: CreationOptions
    @Flag(name: .shortAndLong, help: "Do not wait for the container's end.") var detach = false
    @Flag(help: "Do not delete the container after its end.") var keep = false

    func run() async throws {
        let root = try RuntimeRoot(global)
        let (process, specification) = try await options.create(root, detached: detach)
        do {
            if detach { return try await process.release() }
            let code = try await Foreground(process: process, terminal: specification.process?.terminal ?? false).run()
            if !keep { try root.remove(options.id) }
            throw ExitCode(code)
        } catch let code as ExitCode { throw code } catch {
            try root.remove(options.id)
            throw error
        }
    }
}

struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a created container's program run.")
    @OptionGroup var global: GlobalOptions
    @Argument var id: String

    func run() async throws {
        let root = try RuntimeRoot(global)
        let status = root.status(try root.load(id))
        guard status == "created" else { throw GantryError.conflict("cannot start a container in the \(status) state") }
        guard case .running(let process) = try await root.runtime.reconnect(container: id) else {
            throw GantryError.conflict("cannot start a container that has stopped")
        }
        try await process.release()
    }
}
