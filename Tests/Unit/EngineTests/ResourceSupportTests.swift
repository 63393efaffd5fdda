import ContainerRuntime
import Essentials
import OCI
import Testing

@testable import Engine

/// What becomes of limits that the host cannot give, and what an update may change.
struct ResourceSupportTests {
    private func features(isUnified: Bool, lacking: String...) -> CgroupFeatures {
        var result = CgroupFeatures(isUnified: isUnified) { _, file in !lacking.contains(file) }
        (result.availableCPUs, result.availableNodes) = ("0-3", "0")
        return result
    }

    private func settings(_ change: (inout ResourceSettings) -> Void) -> ResourceSettings {
        var result = ResourceSettings()
        change(&result)
        return result
    }

    @Test func swapIsTwiceTheMemoryByDefault() throws {
        let support = ResourceSupport(features: features(isUnified: true), isUnified: true)
        var memory = settings { $0.memory = 64 << 20 }
        #expect(try support.adapt(&memory).isEmpty)
        #expect(memory.memorySwap == 128 << 20)
        var huge = settings { $0.memory = .max - 1 }
        _ = try support.adapt(&huge)
        #expect(huge.memorySwap == -1)
        var update = settings { $0.memory = 64 << 20 }
        _ = try support.adapt(&update, isUpdate: true)
        #expect(update.memorySwap == 0)
    }

    @Test func whatTheHostLacksIsDiscardedWithAWarning() throws {
        var wish = settings {
            $0.memory = 64 << 20
            $0.memorySwappiness = 10
            $0.oomKillDisable = true
            $0.blkioWeight = 300
            $0.blkioReadBps = [.init(path: "/dev/x", value: 1)]
            $0.cpuShares = 10
        }
        let support = ResourceSupport(
            features: features(isUnified: true, lacking: "memory.swap.max", "io.bfq.weight", "io.weight", "io.max", "cpu.weight"),
            isUnified: true)
        #expect(
            try support.adapt(&wish) == [
                "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
                "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.",
                "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
                "Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.",
                "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
                "Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.",
            ])
        let left = settings {
            $0.memory = 64 << 20
            $0.memorySwap = -1
        }
        #expect(wish == left)
    }

    @Test func disablingTheKillerWithoutALimitWarns() throws {
        let support = ResourceSupport(features: features(isUnified: false), isUnified: false)
        var wish = settings { $0.oomKillDisable = true }
        #expect(try support.adapt(&wish).map { $0.hasPrefix("OOM killer is disabled") } == [true])
        var limited = settings {
            $0.oomKillDisable = true
            $0.memory = 64 << 20
        }
        #expect(try support.adapt(&limited).isEmpty)
        #expect(limited.oomKillDisable == true)
    }

    @Test func setsMustBeOnTheHost() {
        let support = ResourceSupport(features: features(isUnified: true), isUnified: true)
        for (change, text) in [
            ({ $0.cpusetCPUs = "2-4" }, "Requested CPUs are not available - requested 2-4, available: 0-3"),
            ({ $0.cpusetMems = "1" }, "Requested memory nodes are not available - requested 1, available: 0"),
            ({ $0.cpusetCPUs = "x" }, "Invalid value x for cpuset cpus"),
        ] as [((inout ResourceSettings) -> Void, String)] {
            var wish = settings(change)
            #expect { try support.adapt(&wish) } throws: { ($0 as? GantryError)?.message == text }
        }
        var good = settings { $0.cpusetCPUs = "0,3" }
        #expect(throws: Never.self) { try support.adapt(&good) }
    }

    @Test func hostWarnings() {
        #expect(ResourceSupport(features: features(isUnified: true), isUnified: true).hostWarnings.isEmpty)
        #expect(
            ResourceSupport(features: features(isUnified: true, lacking: "memory.swap.max", "io.max"), isUnified: true).hostWarnings
                == [
                    "WARNING: No swap limit support", "WARNING: No io.max (rbps) support", "WARNING: No io.max (wbps) support",
                    "WARNING: No io.max (riops) support", "WARNING: No io.max (wiops) support",
                ])
        #expect(
            ResourceSupport(features: features(isUnified: false, lacking: "blkio.bfq.weight", "blkio.weight"), isUnified: false)
                .hostWarnings.isEmpty, "v1 without weights is the usual case")
    }

    // MARK: Update

    @Test func updatesMustNotContradict() throws {
        let limited = settings {
            $0.memory = 64 << 20
            $0.memorySwap = 128 << 20
        }
        #expect(throws: GantryError.self) { try limited.checkUpdate(settings { $0.memory = 256 << 20 }) }
        #expect(throws: GantryError.self) { try ResourceSettings().checkUpdate(settings { $0.memory = 50 << 20 }) }
        try limited.checkUpdate(settings { $0.memory = 100 << 20 })
        let nano = settings { $0.nanoCPUs = 1 }
        let quota = settings { $0.cpuQuota = 5000 }
        let period = settings { $0.cpuPeriod = 5000 }
        for (old, new) in [(nano, quota), (nano, period), (quota, nano), (period, nano)] {
            #expect(throws: GantryError.self) { try old.checkUpdate(new) }
        }
    }

    @Test func anUpdateChangesOnlyWhatItNames() {
        var merged = settings {
            $0.memory = 1
            $0.cpuShares = 2
            $0.pidsLimit = 3
            $0.blkioReadBps = [.init(path: "/dev/a", value: 1)]
        }
        merged.take(
            changed: settings {
                $0.cpuShares = 5
                $0.pidsLimit = -1
                $0.memorySwappiness = -1
                $0.cpuRealtimePeriod = 9
            })
        let expected = settings {
            $0.memory = 1
            $0.cpuShares = 5
            $0.pidsLimit = -1
            $0.cpuRealtimePeriod = 9
            $0.blkioReadBps = [.init(path: "/dev/a", value: 1)]
        }
        #expect(merged == expected)
    }

    @Test func settingsBecomeResources() throws {
        let resources = try SpecificationBuilder.resources(
            settings {
                $0.memory = 64 << 20
                $0.nanoCPUs = 1_500_000_000
                $0.pidsLimit = 0
                $0.memorySwappiness = -1
                $0.cpuRealtimeRuntime = 7
            })
        #expect(resources.memory?.limit == 64 << 20 && resources.memory?.swap == 128 << 20 && resources.memory?.swappiness == nil)
        #expect(resources.cpu?.quota == 150_000 && resources.cpu?.period == 100_000 && resources.cpu?.realtimeRuntime == 7)
        #expect(resources.pids?.limit == -1)
        #expect(resources.blockIO == nil)
        #expect(throws: GantryError.self) {
            try SpecificationBuilder.resources(settings { $0.blkioReadBps = [.init(path: "/dev/null", value: 1)] })
        }
    }
}
