import ArgumentParser
import ContainerRuntime

/// Source: OCI runtime-spec, features and features-linux.
struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what this runtime can do as JSON.")
    @OptionGroup var global: GlobalOptions

    private struct Enabled: Encodable { var enabled: Bool }

    private struct Cgroup: Encodable { var v1 = true, v2 = true, systemd = true, systemdUser = false, rdma = true }

    private struct Seccomp: Encodable {
        var enabled = true
        var actions = [
            "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
            "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
        ]
        var operators = [
            "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
        ]
        var archs = [
            "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
            "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
            "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_X32",
            "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
        ]
        var knownFlags = RuntimeFeatures.seccompFlags
        var supportedFlags = RuntimeFeatures.seccompFlags
    }

    private struct IDMap: Encodable { var idmap = Enabled(enabled: true) }

    private struct Linux: Encodable {
        var namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
        var capabilities = Capability.names
        var cgroup = Cgroup()
        var seccomp = Seccomp()
        var apparmor = Enabled(enabled: true)
        var selinux = Enabled(enabled: true)
        var intelRdt = Enabled(enabled: false)
        var mountExtensions = IDMap()
    }

    private struct Report: Encodable {
        var ociVersionMin = "1.0.0"
        var ociVersionMax = "1.2.0"
        var hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
        var mountOptions = RuntimeFeatures.mountOptions
        var linux = Linux()
    }

    func run() throws { print(try StateReport.json(Report())) }
}
