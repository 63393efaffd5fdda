import ContainerRuntime
import Essentials
import LinuxSystem
import OCI
import ShimProtocol
import Testing

/// What options of the sandbox come to in a plan; no root needed.
struct SandboxPlanTests {
    private func specification(_ change: (inout SandboxOptions) -> Void) throws -> RuntimeSpecification {
        var options = SandboxOptions()
        options.arguments = ["true"]
        options.seccomp = .unconfined
        change(&options)
        return try DefaultSpecification.make(options)
    }

    private func plan(
        trees: [String: OwnedDescriptor] = [:], _ change: (inout SandboxOptions) -> Void
    ) throws -> [String] {
        let layout = CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        let request = ContainerStart(
            id: "c", specification: try specification(change), root: .directory("/root/fs"), trees: trees)
        return try ContainerPlanner(
            request: request, stateDirectory: "/run/c", cgroups: layout, cgroupPath: "/gantry/c", outOfMemoryFile: nil,
            availableCapabilities: 0xA804_25FB
        ).plan().text.split(separator: "\n").map(String.init)
    }

    @Test func anOpenedSourceIsNotLookedUpAgain() throws {
        let place = try OwnedDescriptor.open("/", 0)
        let lines = try plan(trees: ["/m": place]) {
            $0.binds = [SandboxOptions.Bind(source: "/swapped", destination: "/m", readOnly: true)]
        }
        #expect(lines.contains("bindTree 0x0 0x1 0x0 0x1 0x44000 \"/m\""))
        #expect(!lines.contains { $0.contains("/swapped") })
    }

    @Test func temporariesTakeTheModeOfWhatTheyCover() throws {
        let lines = try plan { $0.temporaries = [.init(destination: "/root"), .init(destination: "/t", options: ["mode=700"])] }
        #expect(lines.contains("mountNew 0xe 0x0 0x1 \"tmpfs\" \"/root\" \"source\" \"tmpfs\""))
        #expect(lines.contains("mountNew 0xe 0x0 \"tmpfs\" \"/t\" \"source\" \"tmpfs\" \"mode\" \"700\""))
    }

    @Test(arguments: [SandboxOptions.NamespaceMode.own, .host, .join(path: "/proc/1/ns/ipc")])
    func queuesAreThoseOfTheNamespace(mode: SandboxOptions.NamespaceMode) throws {
        let mounts = try #require(try specification { $0.ipcNamespace = mode }.mounts)
        #expect(mounts.first { $0.destination == "/dev/mqueue" }?.type == "mqueue")
        #expect(mounts.first { $0.destination == "/dev/shm" }?.type == (mode == .own ? "tmpfs" : "bind"))
    }

    @Test func withoutSharedMemoryThereIsNone() throws {
        let mounts = try #require(try specification { $0.hasSharedMemory = false }.mounts)
        #expect(!mounts.contains { $0.destination == "/dev/shm" })
    }

    @Test func onlyTheGroupsBecomeWritable() throws {
        let mounts = try #require(try specification { $0.writableCgroups = true }.mounts)
        let readOnly = mounts.filter { ($0.options ?? []).contains("ro") }.map(\.destination)
        #expect(readOnly == ["/sys"])
        #expect(mounts.first { $0.destination == "/sys/fs/cgroup" }?.options == ["nosuid", "noexec", "nodev"])
    }

    @Test(arguments: ["/etc", "/etc/passwd"])
    func whatIsNoDeviceIsRefused(path: String) {
        let error = #expect(throws: GantryError.self) {
            try specification { $0.devices = [.init(hostPath: path, containerPath: path)] }
        }
        #expect(error?.message.hasSuffix("not a device node") == true)
    }

    @Test func capabilityNames() throws {
        #expect(
            DefaultSpecification.normalized(["sys_time", "CAP_NET_ADMIN", "all", "NET_ADMIN"]) == [
                "ALL", "CAP_NET_ADMIN", "CAP_SYS_TIME",
            ])
        #expect(throws: Never.self) { try DefaultSpecification.checkCapabilities(["ALL", "chown"]) }
        let error = #expect(throws: GantryError.self) { try DefaultSpecification.checkCapabilities(["nope"]) }
        #expect(error?.message == "unknown capability: \"CAP_NOPE\"")
    }

    @Test func profilesAreReadBeforeTheyAreNeeded() {
        #expect(throws: Never.self) { try DefaultSpecification.checkProfile(Array(#"{"defaultAction":"SCMP_ACT_ALLOW"}"#.utf8)) }
        for text in ["", "{}", #"{"defaultAction":"SCMP_ACT_PERHAPS"}"#] {
            #expect(throws: GantryError.self) { try DefaultSpecification.checkProfile(Array(text.utf8)) }
        }
    }
}
