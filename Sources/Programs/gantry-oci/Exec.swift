import ArgumentParser
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a further program in a container.")
    @OptionGroup var global: GlobalOptions
    @OptionGroup var process: ExecProcessOptions
    @Flag(name: .shortAndLong, help: "Do not wait for its end.") var detach = false
    @Option(name: .customLong("pid-file"), help: "File that gets the process's number.") var pidFile: String?
    @Option(name: .customLong("console-socket"), help: "Unix socket that gets the terminal's master.") var consoleSocket: String?
    @Option(name: .customLong("preserve-fds"), help: "How many descriptors from 3 on the program gets too.")
    var preserveDescriptors = 0
    @Option(help: "A control group below the container's own.") var cgroup: String?
    @Flag(name: .customLong("ignore-paused"), help: "Do not refuse a paused container: the program then waits.") var ignorePaused =
        false
    @Argument var id: String
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run() async throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        let status = root.status(container)
        if status == "paused", !ignorePaused {
            throw GantryError.conflict("cannot exec in a paused container (use --ignore-paused to override)")
        }
        guard status == "running" || status == "paused" else {
            throw GantryError.conflict("cannot exec in a container that is not running: it is \(status)")
        }
        var description = try process.description(
            container.specification, arguments.first == "--" ? Array(arguments.dropFirst()) : arguments)
        let granted = GrantedCapabilities(description.capabilities, in: container.specification)
        description.capabilities = granted.sets
        granted.tell(global)
        let terminal = description.terminal ?? false
        guard detach || consoleSocket == nil else { throw GantryError.invalid("--console-socket needs --detach") }
        let execID = Identifier.random()
        var request = ExecStart(
            id: id, execID: execID, initProcessID: container.processID, process: description,
            seccomp: container.specification.linux?.seccomp,
            stdio: StandardStreams(terminal: terminal, consoleSize: description.consoleSize, openStdin: true, stdinOnce: true),
            hold: true)
        request.hasUserNamespace = container.has(.user)
        request.hasTimeNamespace = container.has(.time)
        request.state = container.state
        request.subgroup = cgroup ?? ""
        request.preserved = try CallerStreams.preserved(preserveDescriptors)
        if detach { request.inherited = try CallerStreams.inherited(terminal: terminal, consoleSocket: consoleSocket) }
        let running = try await root.runtime.exec(request)
        // What cannot be removed now goes with the container.
        defer { try? root.runtime.forget(exec: execID, of: id) }
        try writeProcessID(running.processID, to: pidFile)
        if detach { return try await running.release() }
        throw ExitCode(try await Foreground(process: running, terminal: terminal).run())
    }
}

/// What the further program is to be: a file's description, or the container's own process with a few things changed.
struct ExecProcessOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "JSON file with the process of the specification.") var process: String?
    @Option(help: "Working directory.") var cwd: String?
    @Option(name: .shortAndLong, help: "NAME=value; may be repeated.") var env: [String] = []
    @Option(name: .shortAndLong, help: "uid[:gid].") var user: String?
    @Option(name: [.customShort("g"), .customLong("additional-gids")], help: "A further group; may be repeated.")
    var additionalGroups: [UInt32] = []
    @Flag(name: .shortAndLong, help: "Give it a terminal.") var tty = false
    @Option(name: [.customShort("c"), .customLong("cap")], help: "A further capability; may be repeated.") var capabilities:
        [String] = []
    @Flag(name: .customLong("no-new-privs"), help: "It cannot gain privileges by running programs.") var noNewPrivileges = false
    @Option(help: "AppArmor profile.") var apparmor: String?
    @Option(name: .customLong("process-label"), help: "SELinux label.") var label: String?

    func description(_ specification: RuntimeSpecification, _ arguments: [String]) throws -> RuntimeSpecification.Process {
        if let process {
            var given = try RuntimeSpecification.decode(
                RuntimeSpecification.Process.self, try FileSystem.read(process, limit: 16 << 20), name: process)
            given.execCPUAffinity = given.execCPUAffinity ?? specification.process?.execCPUAffinity
            return given
        }
        guard var result = specification.process else { throw GantryError.invalid("the specification has no process") }
        result.args = arguments
        result.terminal = tty
        result.consoleSize = nil
        result.env = (result.env ?? []) + env
        if let cwd { result.cwd = cwd }
        if let user { result.user = try self.user(user, umask: result.user.umask) }
        if !additionalGroups.isEmpty { result.user.additionalGids = (result.user.additionalGids ?? []) + additionalGroups }
        if noNewPrivileges { result.noNewPrivileges = true }
        if let apparmor { result.apparmorProfile = apparmor }
        if let label { result.selinuxLabel = label }
        if !capabilities.isEmpty {
            var sets = result.capabilities ?? RuntimeSpecification.Capabilities()
            sets.bounding = (sets.bounding ?? []) + capabilities
            sets.effective = (sets.effective ?? []) + capabilities
            sets.permitted = (sets.permitted ?? []) + capabilities
            result.capabilities = sets
        }
        return result
    }

    private func user(_ text: String, umask: UInt32?) throws -> RuntimeSpecification.User {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
        guard (1...2).contains(parts.count), let uid = parts[0], let gid = parts.count == 2 ? parts[1] : 0 else {
            throw GantryError.invalid("user `\(text)` is not of the form uid[:gid]")
        }
        return RuntimeSpecification.User(uid: uid, gid: gid, umask: umask)
    }
}
