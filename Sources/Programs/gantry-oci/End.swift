import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

struct Kill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Send a signal to a container's first process.")
    @OptionGroup var global: GlobalOptions
    @Flag(name: .shortAndLong, help: "Send it to all processes.") var all = false
    @Argument var id: String
    @Argument(help: "Name or number.") var signal = "SIGTERM"

    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD",
        "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ]

    private func number() throws -> CInt {
        if let number = CInt(signal), (1...64).contains(number) { return number }
        let name = signal.uppercased().hasPrefix("SIG") ? String(signal.uppercased().dropFirst(3)) : signal.uppercased()
        guard let index = Self.names.firstIndex(of: name) else { throw GantryError.invalid("unknown signal `\(signal)`") }
        return CInt(index + 1)
    }

    func run() async throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        let number = try number()
        if all {
            var processes = try root.runtime.cgroups.processIDs(id)
            // Without control groups the first process stands for all: when it ends, so do the others of its pid namespace.
            if processes.isEmpty, root.status(container) != "stopped" { processes = [container.processID] }
            for process in processes
            where CLinux.kill(process, number) != 0 && gantry_errno() != ESRCH {
                throw SystemError.last("kill", "\(process)")
            }
        } else {
            let process = try root.handle(container)
            try check("pidfd_send_signal") { gantry_pidfd_send_signal(process.raw, number) }
        }
        // A frozen process dies when it is thawed.
        if number == SIGKILL, root.runtime.cgroups.isFrozen(id) { try await root.runtime.cgroups.thaw(id) }
    }
}

struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a stopped container.")
    @OptionGroup var global: GlobalOptions
    @Flag(name: .shortAndLong, help: "Kill it first; no error when it does not exist.") var force = false
    @Argument var id: String

    func run() async throws {
        let root = try RuntimeRoot(global)
        if force, try !root.exists(id) { return }
        let container = try root.load(id)
        let status = root.status(container)
        guard force || status == "stopped" else {
            throw GantryError.conflict("cannot delete container \(id) that is not stopped: \(status)")
        }
        try await root.delete(container)
    }
}

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop all processes of a container where they are.")
    @OptionGroup var global: GlobalOptions
    @Argument var id: String

    func run() async throws {
        let root = try RuntimeRoot(global)
        let status = root.status(try root.load(id))
        guard status == "running" || status == "created" else {
            throw GantryError.conflict("container not running: it is \(status)")
        }
        try await root.runtime.cgroups.freeze(id)
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let the processes of a paused container go on.")
    @OptionGroup var global: GlobalOptions
    @Argument var id: String

    func run() async throws {
        let root = try RuntimeRoot(global)
        let status = root.status(try root.load(id))
        guard status == "paused" else { throw GantryError.conflict("container not paused: it is \(status)") }
        try await root.runtime.cgroups.thaw(id)
    }
}
