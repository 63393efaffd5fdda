import ContainerRuntime
import Essentials
import OCI
import Testing

struct SeccompTests {
    private func names(_ capabilities: Set<String>) -> Set<String> {
        Set(
            (DefaultSeccomp.profile(capabilities: capabilities).syscalls ?? []).filter {
                $0.action == "SCMP_ACT_ALLOW" && $0.args == nil
            }.flatMap(\.names))
    }

    @Test func defaultAllowsWhatEveryoneNeedsAndNoMore() {
        let names = names(Set(DefaultSpecification.capabilities))
        for call in ["read", "execve", "openat2", "chroot", "ptrace", "arch_prctl"]
        where call != "arch_prctl" || DefaultSeccomp.machine == "amd64" {
            #expect(names.contains(call), "\(call)")
        }
        for call in [
            "mount", "unshare", "setns", "bpf", "keyctl", "add_key", "io_uring_setup", "userfaultfd", "kexec_load", "init_module",
            "clone", "pivot_root",
        ] {
            #expect(!names.contains(call), "\(call)")
        }
    }

    @Test func capabilitiesBringTheirCalls() {
        #expect(names(["CAP_SYS_ADMIN"]).isSuperset(of: ["mount", "unshare", "setns", "clone", "clone3", "bpf"]))
        #expect(names(["CAP_SYS_TIME"]).contains("clock_settime"))
        #expect(!names([]).contains("chroot"))
    }

    @Test func compiles() throws {
        let filter = try SeccompCompiler.shared.compile(DefaultSeccomp.profile(capabilities: []))
        #expect(filter.count % 8 == 0)
        #expect(filter.count > 800 && filter.count < 4096 * 8)
        // Load the architecture first.
        #expect(filter.prefix(8) == [0x20, 0, 0, 0, 4, 0, 0, 0])
    }

    @Test func unknownActionIsRefused() {
        #expect(throws: GantryError.self) { try SeccompCompiler.shared.compile(LinuxSeccomp(defaultAction: "SCMP_ACT_MAYBE")) }
    }

    @Test func capabilitiesOfASandbox() throws {
        var options = SandboxOptions()
        options.capabilitiesDropped = ["ALL"]
        options.capabilitiesAdded = ["chown"]
        #expect(try DefaultSpecification.capabilities(options) == ["CAP_CHOWN"])
        options.capabilitiesAdded = ["NOSUCH"]
        #expect(throws: GantryError.self) { try DefaultSpecification.capabilities(options) }
    }
}
