import ArgumentParser
import CLinux
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
        var specification = try DefaultSpecification.make(options)
        if global.rootless == "true" || geteuid() != 0 { Self.makeRootless(&specification) }
        try FileSystem.replace(path, with: try StateReport.json(specification) + "\n")
    }

    /// What a user without rights on the host can have: their own id as root, the host's network, no limits.
    static func makeRootless(_ specification: inout RuntimeSpecification) {
        var linux = specification.linux ?? RuntimeSpecification.Linux()
        linux.namespaces =
            (linux.namespaces ?? []).filter { $0.type != .network && $0.type != .user } + [RuntimeSpecification.Namespace(.user)]
        linux.uidMappings = [RuntimeSpecification.IDMapping(containerID: 0, hostID: geteuid(), size: 1)]
        linux.gidMappings = [RuntimeSpecification.IDMapping(containerID: 0, hostID: getegid(), size: 1)]
        linux.resources = nil
        linux.cgroupsPath = nil
        linux.sysctl = nil
        specification.linux = linux
        specification.mounts = (specification.mounts ?? []).filter { $0.destination != "/sys/fs/cgroup" }.map { mount in
            var mount = mount
            // The host's network cannot be shown in a new sysfs, and the group `tty` has no number here.
            if mount.destination == "/sys" {
                mount.type = "none"
                mount.source = "/sys"
                mount.options = ["rbind", "nosuid", "noexec", "nodev", "ro"]
            }
            mount.options = mount.options?.filter { $0 != "gid=5" }
            return mount
        }
    }
}
