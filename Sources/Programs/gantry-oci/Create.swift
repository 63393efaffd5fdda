import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

/// Options that say what to run and for whom.
struct CreationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Directory with config.json.") var bundle = "."
    @Option(name: .customLong("pid-file"), help: "File that gets the process's number.") var pidFile: String?
    @Option(name: .customLong("console-socket"), help: "Unix socket that gets the terminal's master.") var consoleSocket: String?
    @Flag(
        name: .customLong("no-pivot"),
        help: "Move the root over the host's: for a host whose root is the initial ramdisk. Keeps less apart.")
    var noPivot = false
    @Flag(name: .customLong("no-new-keyring"), help: "Leave the container the caller's session keyring.") var noNewKeyring = false
    @Option(name: .customLong("preserve-fds"), help: "How many descriptors from 3 on the program gets too.")
    var preserveDescriptors = 0
    @Argument(help: "Name of the container.") var id: String

    /// Starts the container held; its record is written. One that goes on from a checkpoint runs at once when it is detached;
    /// otherwise it has no process before its release, and is to be recorded again then.
    func create(
        _ root: RuntimeRoot, _ global: GlobalOptions, detached: Bool, restore: RestoreRequest? = nil
    ) async throws -> (ShimProcess, StoredContainer) {
        try await root.reserving(id) { try await make(root, global, detached: detached, restore) }
    }

    private func make(
        _ root: RuntimeRoot, _ global: GlobalOptions, detached: Bool, _ restore: RestoreRequest?
    ) async throws -> (ShimProcess, StoredContainer) {
        guard detached || consoleSocket == nil else {
            throw GantryError.invalid("--console-socket needs a container that is left alone: add --detach")
        }
        var bundle = try Bundle(bundle)
        let granted = GrantedCapabilities(bundle.specification.process?.capabilities, in: bundle.specification)
        bundle.specification.process?.capabilities = granted.sets
        granted.tell(global)
        let terminal = bundle.specification.process?.terminal ?? false
        let inherited = detached ? try CallerStreams.inherited(terminal: terminal, consoleSocket: consoleSocket) : nil
        if restore != nil, terminal { throw GantryError.unsupported("containers with a terminal cannot be restored") }
        var request = try bundle.request(id, hold: restore == nil || !detached, inherited: inherited)
        request.restore = restore
        request.newKeyring = !noNewKeyring && Keyrings.areThere
        request.movesRoot = noPivot
        request.preserved = try CallerStreams.preserved(preserveDescriptors)
        let process = try await root.runtime.start(request)
        do {
            return (process, try record(process, bundle, in: root))
        } catch {
            try root.remove(id)
            throw error
        }
    }

    /// Keeps what later commands need, and tells the caller of the process.
    @discardableResult
    func record(_ process: ShimProcess, _ bundle: Bundle? = nil, in root: RuntimeRoot) throws -> StoredContainer {
        let bundle = try bundle ?? Bundle(self.bundle)
        let container = StoredContainer(
            id: id, bundle: bundle.path, processID: process.processID,
            processStart: RuntimeRoot.start(of: process.processID), created: Timestamp.now().rfc3339,
            specification: bundle.specification)
        try root.save(container)
        try writeProcessID(process.processID, to: pidFile)
        return container
    }
}

enum Keyrings {
    /// A kernel without keys has none to keep apart.
    static var areThere: Bool { FileSystem.exists("/proc/keys") }
}

struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prepare a container; its program waits for start.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: CreationOptions

    func run() async throws { _ = try await options.create(try RuntimeRoot(global), global, detached: true) }
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create and start a container, and wait for it.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: CreationOptions
    @Flag(name: .shortAndLong, help: "Do not wait for the container's end.") var detach = false
    @Flag(help: "Do not delete the container after its end.") var keep = false

    func run() async throws {
        let root = try RuntimeRoot(global)
        let (process, container) = try await options.create(root, global, detached: detach)
        do {
            if detach { return try await root.start(container) { try await process.release() } }
            let foreground = Foreground(process: process, terminal: container.specification.process?.terminal ?? false)
            let code = try await foreground.run { body in try await root.start(container, body) }
            if !keep { try await root.delete(container) }
            throw ExitCode(code)
        } catch let code as ExitCode { throw code } catch {
            if try root.exists(options.id) { try await root.delete(container) }
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
        let container = try root.load(id)
        let status = root.status(container)
        guard status == "created" else { throw GantryError.conflict("cannot start a container in the \(status) state") }
        guard case .running(let process) = try await root.runtime.reconnect(container: id) else {
            throw GantryError.conflict("cannot start a container that has stopped")
        }
        try await root.start(container) { try await process.release() }
    }
}
