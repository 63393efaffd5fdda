import ContainerRuntime
import Essentials
import OCI
import Testing

struct CgroupTests {
    @Test func hybridHostsCountAsVersionOne() {
        let layout = CgroupLayout(
            mountInfo: """
                31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
                32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 - cgroup cgroup rw,cpu,cpuacct
                35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
                40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
                41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
                """)
        #expect(!layout.isUnified)
        #expect(layout.hierarchies.map(\.controllers) == [["cpu", "cpuacct"], ["memory"], ["name=systemd"]])
        #expect(layout.unified == "/sys/fs/cgroup/unified")
    }

    @Test func versionTwoAlone() {
        #expect(CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n").isUnified)
        #expect(
            CgroupLayout(
                mountInfo:
                    "30 1 0:1 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n31 1 0:2 / /sys/fs/cgroup/systemd rw - cgroup c rw,name=systemd\n"
            )
            .isUnified)
    }

    private func resources() -> RuntimeSpecification.Resources {
        var resources = RuntimeSpecification.Resources()
        resources.memory = RuntimeSpecification.Memory()
        resources.memory?.limit = 1 << 20
        resources.memory?.swap = 3 << 20
        resources.cpu = RuntimeSpecification.CPU()
        resources.cpu?.shares = 1024
        resources.cpu?.quota = 50_000
        resources.cpu?.period = 100_000
        resources.pids = RuntimeSpecification.PIDs(limit: 9)
        return resources
    }

    @Test func legacyFiles() throws {
        #expect(
            try CgroupSettings.legacy(resources()).map { "\($0.file)=\($0.value)" } == [
                "memory.limit_in_bytes=1048576", "memory.memsw.limit_in_bytes=3145728", "cpu.shares=1024",
                "cpu.cfs_period_us=100000",
                "cpu.cfs_quota_us=50000", "pids.max=9",
            ])
    }

    @Test func unifiedFiles() throws {
        #expect(
            try CgroupSettings.unified(resources()).map { "\($0.file)=\($0.value)" } == [
                "memory.max=1048576", "memory.swap.max=2097152", "cpu.weight=39", "cpu.max=50000 100000", "pids.max=9",
            ])
    }

    @Test func deviceRules() throws {
        let rules = [RuntimeSpecification.DeviceRule(allow: false), .init(allow: true, type: "c", major: 136, access: "rw")]
        #expect(
            try CgroupSettings.deviceRules(rules).map { "\($0.file)=\($0.value)" } == [
                "devices.deny=a", "devices.allow=c 136:* rw",
            ])
    }
}
