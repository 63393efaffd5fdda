import Essentials
import Testing

@testable import Engine

@Suite("room for the build cache")
struct BuildCachePolicyTests {
    private func kept(reserved: Int64 = 0, maximum: Int64 = 0, free: Int64 = 0) -> Int64? {
        var budget = BuildCacheBudget()
        (budget.reserved, budget.maximum, budget.minimumFree) = (reserved, maximum, free)
        return budget.kept(total: 100, free: 20)
    }

    @Test func whatMayStay() {
        #expect(kept() == nil)
        #expect(kept(maximum: 60) == 60)
        #expect(kept(reserved: 60) == 60)
        #expect(kept(free: 20) == .max)
        #expect(kept(free: 50) == 70)
        #expect(kept(maximum: 60, free: 50) == 60)
        #expect(kept(maximum: 80, free: 50) == 70)
        #expect(kept(reserved: 90, maximum: 60, free: 50) == 90)
        #expect(kept(free: 1000) == 0)
        #expect(kept(reserved: 10, free: 1000) == 10)
    }

    @Test func theUsualRules() {
        let rules = BuildCachePolicy().rules(ofDisk: 50_000_000_000)
        #expect(rules.map { $0.filters.keys.sorted() } == [["type", "until"], ["until"], [], []])
        #expect(rules.map(\.all) == [false, false, false, true])
        let budget = rules[3].budget(ofDisk: 50_000_000_000)
        #expect(budget.reserved == 5_000_000_000 && budget.maximum == 40_000_000_000 && budget.minimumFree == 10_000_000_000)
        // On a large disk the shares have an upper limit.
        #expect(BuildCachePolicy().rules(ofDisk: 1 << 50)[2].budget(ofDisk: 1 << 50).maximum == 100_000_000_000)
    }

    @Test func anOldKeepStorageIsTheWholeBudget() {
        var policy = BuildCachePolicy()
        policy.reserved = .bytes(7)
        #expect(policy.rules(ofDisk: 1000)[3].budget(ofDisk: 1000).kept(total: 100, free: 0) == 7)
        policy.rules = []
        #expect(policy.rules(ofDisk: 1000).isEmpty)
    }

    @Test func filters() throws {
        let now = Timestamp.now()
        let record = DiskUsage.CacheRecord(
            id: "abcdef", kind: "regular", description: "RUN make", inUse: false, shared: true, size: 1, createdAt: now,
            lastUsedAt: Timestamp(seconds: now.seconds - 7200), useCount: 1, parents: ["sha256:1"])
        func admits(_ filters: [String: [String]]) throws -> Bool { try CacheRecordFilter(filters).admits(record) }
        #expect(try admits([:]) && admits(["id": ["cd"]]) && admits(["parent": ["sha256:1"]]) && admits(["shared": [""]]))
        #expect(try admits(["until": ["1h"]]) && !admits(["unused-for": ["3h"]]) && admits(["immutable": ["true"]]))
        #expect(try !admits(["private": ["true"]]) && !admits(["type": ["exec.cachemount"]]) && admits(["inuse": ["false"]]))
        for wrong in [["colour": ["red"]], ["until": ["x"]], ["until": ["1h"], "unused-for": ["1h"]], ["id": ["a", "b"]]] {
            #expect(throws: GantryError.self) { try admits(wrong) }
        }
    }

    @Test(arguments: ["/root/.cache", "go build", "ä", "a_b", String(repeating: "x/", count: 300)])
    func namesOfMounts(id: String) {
        let name = BuildMounts.name(id)
        #expect(!name.contains("/") && !name.contains(".") && name.utf8.count <= 220)
        #expect(BuildMounts.name(id + "1") != name)
    }
}
