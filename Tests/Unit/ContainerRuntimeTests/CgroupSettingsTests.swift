import ContainerRuntime
import Essentials
import OCI
import Testing

/// Every resource of the specification as control files, on both versions.
struct CgroupSettingsTests {
    typealias Resources = RuntimeSpecification.Resources

    private func resources(_ change: (inout Resources) -> Void) -> Resources {
        var result = Resources()
        change(&result)
        return result
    }

    private func memory(_ change: (inout RuntimeSpecification.Memory) -> Void) -> Resources {
        var memory = RuntimeSpecification.Memory()
        change(&memory)
        return resources { $0.memory = memory }
    }

    private func cpu(_ change: (inout RuntimeSpecification.CPU) -> Void) -> Resources {
        var cpu = RuntimeSpecification.CPU()
        change(&cpu)
        return resources { $0.cpu = cpu }
    }

    private func lines(_ settings: [CgroupSetting]) -> [String] { settings.map { "\($0.file)=\($0.value)" } }
    private func legacy(_ resources: Resources) throws -> [String] { lines(try CgroupSettings.legacy(resources)) }
    private func unified(_ resources: Resources) throws -> [String] { lines(try CgroupSettings.unified(resources)) }

    // MARK: Memory

    @Test func memoryOnLegacy() throws {
        let all = memory {
            $0.limit = 100
            $0.swap = 150
            $0.reservation = 50
            $0.kernelTCP = 20
            $0.swappiness = 10
            $0.disableOOMKiller = true
        }
        #expect(
            try legacy(all) == [
                "memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=150", "memory.soft_limit_in_bytes=50",
                "memory.kmem.tcp.limit_in_bytes=20", "memory.swappiness=10", "memory.oom_control=1",
            ])
    }

    @Test func swapOnUnifiedIsWhatRemains() throws {
        #expect(try unified(memory { ($0.limit, $0.swap) = (100, 150) }) == ["memory.max=100", "memory.swap.max=50"])
        #expect(try unified(memory { ($0.limit, $0.swap) = (100, 100) }) == ["memory.max=100", "memory.swap.max=0"])
        #expect(try unified(memory { ($0.limit, $0.swap) = (100, -1) }) == ["memory.max=100", "memory.swap.max=max"])
        #expect(try unified(memory { $0.limit = -1 }) == ["memory.max=max", "memory.swap.max=max"])
        #expect(throws: GantryError.self) { try unified(memory { $0.swap = 100 }) }
        #expect(throws: GantryError.self) { try unified(memory { ($0.limit, $0.swap) = (100, 50) }) }
    }

    @Test func onlyImpliedValuesMayLackTheirFile() throws {
        #expect(try CgroupSettings.legacy(memory { ($0.limit, $0.swap) = (100, 200) }).map(\.isOptional) == [false, true])
        #expect(try CgroupSettings.legacy(memory { ($0.limit, $0.swap) = (100, 150) }).map(\.isOptional) == [false, false])
        #expect(try CgroupSettings.unified(resources { $0.pids = .init(limit: -1) }).map(\.isOptional) == [true])
        #expect(try CgroupSettings.unified(resources { $0.pids = .init(limit: 5) }).map(\.isOptional) == [false])
    }

    @Test func unifiedRefusesWhatOnlyLegacyHas() {
        let network = resources {
            $0.network = RuntimeSpecification.NetworkClass()
            $0.network?.classID = 1
        }
        let leaf = resources {
            $0.blockIO = RuntimeSpecification.BlockIO()
            $0.blockIO?.leafWeight = 10
        }
        for wish in [
            memory { $0.swappiness = 10 }, memory { $0.disableOOMKiller = true }, memory { $0.kernel = 1 },
            memory { $0.kernelTCP = 1 }, cpu { $0.realtimeRuntime = 1 }, cpu { $0.realtimePeriod = 1 }, network, leaf,
        ] {
            #expect { try CgroupSettings.unified(wish) } throws: { ($0 as? GantryError)?.kind == .unsupported }
        }
    }

    // MARK: Processors

    @Test func processorsOnLegacy() throws {
        let all = cpu {
            $0.shares = 512
            $0.period = 100_000
            $0.quota = 50_000
            $0.burst = 1000
            $0.realtimePeriod = 1_000_000
            $0.realtimeRuntime = 950_000
            $0.cpus = "0-1"
            $0.mems = "0"
            $0.idle = 1
        }
        #expect(
            try legacy(all) == [
                "cpu.shares=512", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000", "cpu.cfs_burst_us=1000",
                "cpu.rt_period_us=1000000", "cpu.rt_runtime_us=950000", "cpuset.cpus=0-1", "cpuset.mems=0", "cpu.idle=1",
            ])
        #expect(try legacy(cpu { $0.quota = -1 }) == ["cpu.cfs_quota_us=-1"])
    }

    @Test func processorsOnUnified() throws {
        let all = cpu {
            $0.shares = 512
            $0.period = 100_000
            $0.quota = 50_000
            $0.burst = 1000
            $0.cpus = "0-1"
            $0.mems = "0"
            $0.idle = 1
        }
        #expect(
            try unified(all) == [
                "cpu.weight=20", "cpu.max=50000 100000", "cpu.max.burst=1000", "cpuset.cpus=0-1", "cpuset.mems=0", "cpu.idle=1",
            ])
        #expect(try unified(cpu { $0.quota = 5000 }) == ["cpu.max=5000"], "a quota alone leaves the period")
        #expect(try unified(cpu { $0.quota = -1 }) == ["cpu.max=max"])
        #expect(try unified(cpu { $0.period = 5000 }) == ["cpu.max=max 5000"])
    }

    @Test(arguments: [(2, 1), (1024, 39), (262_144, 10_000), (1, 1), (1 << 40, 10_000)] as [(UInt64, Int)])
    func sharesBecomeWeights(_ shares: UInt64, _ weight: Int) throws {
        #expect(try unified(cpu { $0.shares = shares }) == ["cpu.weight=\(weight)"])
    }

    // MARK: Block devices and the rest

    private var blockIO: Resources {
        resources {
            var io = RuntimeSpecification.BlockIO()
            io.weight = 300
            io.weightDevice = [.init(major: 8, minor: 0, weight: 500)]
            io.throttleReadBpsDevice = [.init(major: 8, minor: 0, rate: 1)]
            io.throttleWriteBpsDevice = [.init(major: 8, minor: 16, rate: 2)]
            io.throttleReadIOPSDevice = [.init(major: 8, minor: 0, rate: 3)]
            io.throttleWriteIOPSDevice = [.init(major: 8, minor: 0, rate: 4)]
            $0.blockIO = io
        }
    }

    @Test func blockDevices() throws {
        #expect(
            try legacy(blockIO) == [
                "blkio.bfq.weight=300", "blkio.bfq.weight_device=8:0 500", "blkio.throttle.read_bps_device=8:0 1",
                "blkio.throttle.write_bps_device=8:16 2", "blkio.throttle.read_iops_device=8:0 3",
                "blkio.throttle.write_iops_device=8:0 4",
            ])
        #expect(
            try unified(blockIO) == [
                "io.bfq.weight=300", "io.bfq.weight=8:0 500", "io.max=8:0 rbps=1", "io.max=8:16 wbps=2", "io.max=8:0 riops=3",
                "io.max=8:0 wiops=4",
            ])
    }

    @Test func weightsHaveASecondFile() throws {
        #expect(try CgroupSettings.legacy(blockIO).prefix(2).map(\.otherFile) == ["blkio.weight", "blkio.weight_device"])
        let unified = try CgroupSettings.unified(blockIO).prefix(2)
        #expect(unified.map(\.otherFile) == ["io.weight", "io.weight"])
        // 10…1000 becomes 1…10000.
        #expect(unified.map(\.otherValue) == ["2930", "8:0 4950"])
    }

    @Test func hugePagesRDMAAndNetwork() throws {
        let all = resources {
            $0.hugepageLimits = [.init(pageSize: "2MB", limit: 4096)]
            $0.rdma = ["mlx5_0": .init(hcaHandles: 3, hcaObjects: 10), "a0": .init(hcaObjects: 1)]
        }
        let rdma = ["rdma.max=a0 hca_object=1", "rdma.max=mlx5_0 hca_handle=3 hca_object=10"]
        #expect(try legacy(all) == ["hugetlb.2MB.limit_in_bytes=4096", "hugetlb.2MB.rsvd.limit_in_bytes=4096"] + rdma)
        #expect(try unified(all) == ["hugetlb.2MB.max=4096", "hugetlb.2MB.rsvd.max=4096"] + rdma)
        let network = resources {
            $0.network = RuntimeSpecification.NetworkClass()
            $0.network?.classID = 0x100001
            $0.network?.priorities = [.init(name: "eth0", priority: 5)]
        }
        #expect(try legacy(network) == ["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5"])
    }

    @Test func rawValues() throws {
        let raw = resources { $0.unified = ["memory.high": "100", "io.max": "8:0 rbps=1\n8:16 rbps=2"] }
        #expect(try unified(raw) == ["io.max=8:0 rbps=1", "io.max=8:16 rbps=2", "memory.high=100"])
        #expect(throws: GantryError.self) { try legacy(raw) }
        for key in ["cgroup.procs", "../memory.max", "memory", ".x", "a/b.c"] {
            #expect(throws: GantryError.self, "\(key)") { try unified(resources { $0.unified = [key: "1"] }) }
        }
    }

    // MARK: Devices on v1

    @Test func rulesForBothTypesAreNoLicence() throws {
        func text(_ rules: [RuntimeSpecification.DeviceRule]) throws -> [String] { lines(try CgroupSettings.deviceRules(rules)) }
        #expect(try text([.init(allow: false)]) == ["devices.deny=a"])
        // The kernel takes everything that begins with `a` as a rule for everything.
        #expect(try text([.init(allow: true, access: "m")]) == ["devices.allow=b *:* m", "devices.allow=c *:* m"])
        #expect(try text([.init(allow: true, type: "a", major: 5)]) == ["devices.allow=b 5:* rwm", "devices.allow=c 5:* rwm"])
        #expect(throws: GantryError.self) { try text([.init(allow: false, type: "z")]) }
    }
}
