import Essentials
import OCI
import Testing

@testable import ContainerRuntime

/// Where groups lie, from mountinfo as hosts of each kind have it.
struct CgroupLayoutTests {
    private let pure = CgroupLayout(
        mountInfo: """
            25 30 0:22 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:8 - tmpfs tmpfs ro,size=4096k,nr_inodes=1024,mode=755
            26 25 0:23 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:9 - cgroup cgroup rw,xattr,name=systemd
            27 25 0:24 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:10 - cgroup cgroup rw,cpu,cpuacct
            28 25 0:25 / /sys/fs/cgroup/net_cls,net_prio rw,relatime shared:11 - cgroup cgroup rw,net_cls,net_prio
            29 25 0:26 / /sys/fs/cgroup/memory rw,relatime shared:12 - cgroup cgroup rw,memory
            30 25 0:27 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset,clone_children
            """)

    @Test func pureVersionOne() {
        #expect(!pure.isUnified && pure.unified == nil)
        #expect(pure.directory("/gantry/x", controller: "cpuacct") == "/sys/fs/cgroup/cpu,cpuacct/gantry/x")
        #expect(pure.directory("/gantry/x", controller: "net_prio") == "/sys/fs/cgroup/net_cls,net_prio/gantry/x")
        #expect(pure.directory("/gantry/x", controller: "cpuset") == "/sys/fs/cgroup/cpuset/gantry/x")
        #expect(pure.directory("/gantry/x", controller: "pids") == nil)
        #expect(pure.directories("/x").count == 5)
    }

    @Test func hybrid() {
        let hybrid = CgroupLayout(
            mountInfo: """
                31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
                35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
                41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
                """)
        #expect(!hybrid.isUnified)
        #expect(hybrid.directories("/x") == ["/sys/fs/cgroup/memory/x"])
        #expect(hybrid.directory("/x", controller: "io") == nil, "v2's controllers are not used beside v1's")
    }

    @Test func versionTwo() {
        let unified = CgroupLayout(mountInfo: "24 19 0:21 / /sys/fs/cgroup rw,nosuid shared:7 - cgroup2 cgroup2 rw,nsdelegate\n")
        #expect(unified.isUnified)
        #expect(unified.directories("/gantry/x") == ["/sys/fs/cgroup/gantry/x"])
        #expect(unified.directory("/gantry/x", controller: "memory") == "/sys/fs/cgroup/gantry/x")
    }

    @Test func noGroupsAndOtherMounts() {
        let none = CgroupLayout(mountInfo: "20 1 8:1 / / rw - ext4 /dev/sda1 rw\nnonsense\n21 20 0:3 / /x rw - cgroup\n")
        #expect(!none.isUnified && none.hierarchies.isEmpty)
    }

    @Test(
        arguments: [
            (nil, "/gantry/id"), ("", "/gantry/id"), ("/a//b/", "/a/b"), ("a/b", "/a/b"),
            ("system.slice:p:n", "/system.slice/p-n.scope"),
        ] as [(String?, String)])
    func paths(_ text: String?, _ path: String) throws { #expect(try CgroupHost.path(text, id: "id") == path) }

    @Test(arguments: ["/", "../x", "/a/../b", "/a/./b", "a:b"])
    func refusesPathsThatLeadElsewhere(_ text: String) {
        #expect(throws: GantryError.self) { try CgroupHost.path(text, id: "id") }
    }

    // MARK: Features

    @Test func featuresOfEachVersion() {
        let files: Set<String> = [
            "memory.max", "memory.low", "cpu.max", "cpu.weight", "pids.max", "io.max", "io.weight", "cpuset.cpus",
        ]
        let unified = CgroupFeatures(isUnified: true) { _, file in files.contains(file) }
        #expect(unified.memoryLimit && unified.cpuQuota && unified.blkioWeight && unified.blkioWriteIOps && unified.pids)
        #expect(!unified.swapLimit && !unified.swappiness && !unified.oomKillDisable && !unified.cpuRealtime)
        let legacy = CgroupFeatures(isUnified: false) { controller, _ in controller == "memory" }
        #expect(legacy.memoryLimit && legacy.swapLimit && legacy.oomKillDisable && legacy.swappiness)
        #expect(!legacy.cpuShares && !legacy.blkioWeight && !legacy.pids)
    }

    // MARK: Sets of numbers

    @Test func numberSets() {
        #expect(NumberSet("0-3,8,1")?.numbers == [0, 1, 2, 3, 8])
        #expect(NumberSet("")?.numbers == [])
        #expect(NumberSet("0,8")?.mask == [1, 1])
        #expect(NumberSet("")?.mask == [])
        for text in ["-1", "3-1", "a", "0-", "1-2-3", "99999", "1, 2", "+1", "0x1"] { #expect(NumberSet(text) == nil, "\(text)") }
    }

    // MARK: Device rules

    @Test func standardDevicesComeBeforeTheSpecificationsOwnRules() {
        typealias Rule = RuntimeSpecification.DeviceRule
        let own = Rule(allow: false, type: "c", major: 1, minor: 3)
        let rules = DeviceRules.effective([Rule(allow: false), own])
        #expect(rules.first == Rule(allow: false) && rules.last == own)
        #expect(rules.count == DeviceRules.standard.count + 2)
        #expect(DeviceRules.effective(nil) == [Rule(allow: false)] + DeviceRules.standard)
        #expect(DeviceRules.effective([Rule(allow: true)]) == [Rule(allow: true)])
        let full = [Rule(allow: false)] + DeviceRules.standard
        #expect(DeviceRules.effective(full) == full, "nothing is said twice")
    }
}
