import ArgumentParser
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

struct Spec: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write a config.json to begin with.")
    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "Directory to write to.") var bundle = "."

    func run() throws {
        let path = "\(bundle)/config.json"
        guard !FileSystem.exists(path) else { throw GantryError.conflict("file \(path) exists. Remove it first") }
        var options = SandboxOptions()
        options.arguments = ["sh"]
        options.environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
        options.hostname = "gantry"
        options.terminal = true
        options.readOnlyRoot = true
        options.noNewPrivileges = true
        try FileSystem.replace(path, with: try StateReport.json(try DefaultSpecification.make(options)) + "\n")
    }
}

/// Source: OCI runtime-spec, features.
struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what this runtime can do as JSON.")
    @OptionGroup var global: GlobalOptions

    private struct Report: Encodable {
        struct Enabled: Encodable { var enabled: Bool }
        struct Cgroup: Encodable { var v1 = true, v2 = true, systemd = true, systemdUser = false, rdma = true }
        struct Seccomp: Encodable {
            var enabled = true
            var actions = [
                "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
            ]
        }
        struct Linux: Encodable {
            var namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "uts"]
            var capabilities = Capability.names
            var cgroup = Cgroup()
            var seccomp = Seccomp()
            var apparmor = Enabled(enabled: false)
            var selinux = Enabled(enabled: false)
        }
        var ociVersionMin = "1.0.0"
        var ociVersionMax = "1.2.0"
        var hooks: [String] = []
        var linux = Linux()
    }

    func run() throws { print(try StateReport.json(Report())) }
}
