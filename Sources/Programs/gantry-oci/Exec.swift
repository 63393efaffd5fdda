import ArgumentParser
import ContainerRuntime
import Essentials
import FoundationEssentials
import LinuxSystem
import OCI

struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a further program in a container.")
    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "JSON file with the process of the specification.") var process: String?
    @Option(help: "Working directory.") var cwd: String?
    @Option(name: .shortAndLong, help: "NAME=value; may be repeated.") var env: [String] = []
    @Option(name: .shortAndLong, help: "uid[:gid].") var user: String?
    @Flag(name: .shortAndLong, help: "Give it a terminal.") var tty = false
    @Flag(name: .shortAndLong, help: "Do not wait for its end.") var detach = false
    @Option(name: .customLong("pid-file")) var pidFile: String?
    @Option(name: .customLong("console-socket")) var consoleSocket: String?
    @Argument var id: String
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run() async throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        guard root.status(container) == "running" else {
            throw GantryError.conflict("cannot exec in a container that is not running")
        }
        let specification = try Bundle(container.bundle).specification
        let description = try description(specification)
        let terminal = description.terminal ?? false
        let execID = Identifier.random()
        var request = ExecStart(
            id: id, execID: execID, initProcessID: container.processID, process: description, seccomp: specification.linux?.seccomp,
            stdio: StandardStreams(terminal: terminal, consoleSize: description.consoleSize, openStdin: true, stdinOnce: true),
            hold: true)
        if detach { request.inherited = try CallerStreams.inherited(terminal: terminal, consoleSocket: consoleSocket) }
        let running = try await root.runtime.exec(request)
        defer { try? root.runtime.forget(exec: execID, of: id) }
        try writeProcessID(running.processID, to: pidFile)
        if detach { return try await running.release() }
        throw ExitCode(try await Foreground(process: running, terminal: terminal).run())
    }

    /// The container's own process with what was given in its place, or the process of a file.
    private func description(_ specification: RuntimeSpecification) throws -> RuntimeSpecification.Process {
        if let process {
            return try JSONDecoder().decode(
                RuntimeSpecification.Process.self, from: Data(try FileSystem.read(process, limit: 16 << 20)))
        }
        guard var result = specification.process else { throw GantryError.invalid("the specification has no process") }
        result.args = arguments
        result.terminal = tty
        result.consoleSize = nil
        result.env = (result.env ?? []) + env
        if let cwd { result.cwd = cwd }
        if let user {
            let parts = user.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            guard (1...2).contains(parts.count), let uid = parts[0], let gid = parts.count == 2 ? parts[1] : 0 else {
                throw GantryError.invalid("user `\(user)` is not of the form uid[:gid]")
            }
            result.user = RuntimeSpecification.User(uid: uid, gid: gid)
        }
        return result
    }
}
