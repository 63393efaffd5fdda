import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

struct Kill: ParsableCommand {
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

    func run() throws {
        let root = try RuntimeRoot(global)
        let container = try root.load(id)
        let number = try number()
        if all {
            for process in try root.runtime.cgroups.processIDs(id) { _ = CLinux.kill(process, number) }
            return
        }
        guard root.status(container) != "stopped" else { throw GantryError.conflict("container not running") }
        let process = OwnedDescriptor(try check("pidfd_open") { gantry_pidfd_open(container.processID, 0) })
        // Asked again with the process held fast: the number cannot be another's now.
        guard root.status(container) != "stopped" else { throw GantryError.conflict("container not running") }
        try check("pidfd_send_signal") { gantry_pidfd_send_signal(process.raw, number) }
    }
}

struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a stopped container.")
    @OptionGroup var global: GlobalOptions
    @Flag(name: .shortAndLong, help: "Kill it first; no error when it does not exist.") var force = false
    @Argument var id: String

    func run() throws {
        let root = try RuntimeRoot(global)
        if force, try !root.exists(id) { return }
        let status = root.status(try root.load(id))
        guard force || status == "stopped" else {
            throw GantryError.conflict("cannot delete container \(id) that is not stopped: \(status)")
        }
        try root.remove(id)
    }
}
