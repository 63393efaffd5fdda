import BuildGraph
import Essentials
import Foundation
import OCI
import Testing

@testable import Builder

@Suite("Results of other machines")
struct ExchangeTests {
    private let dockerfile = """
        FROM busybox AS tools
        COPY a /a
        RUN make
        FROM busybox
        COPY --from=tools /a /b
        COPY other /other
        RUN check
        """

    private func built(_ exchange: MemoryExchange) async throws -> (BuildRun, ImageConfig) {
        let run = try BuildRun()
        try run.context(["a": "1", "other": "2"])
        return (run, try await run.build(dockerfile, exchange: exchange))
    }

    private func origins(_ run: BuildRun) -> [String?] {
        run.events.compactMap { if case .stepCached(_, _, let origin) = $0 { .some(origin) } else { nil } }
    }

    @Test("every step is given with what it stands on, and those of the result are named")
    func export() async throws {
        let exchange = MemoryExchange()
        let (_, config) = try await built(exchange)
        #expect(exchange.steps.count == 5 && exchange.result.count == 3)
        let result = exchange.steps.filter { exchange.result.contains($0.key) }
        #expect(result.map(\.diffID) == Array(config.rootfs.diffIDs.dropFirst()))
        // What is copied from a stage has a key that needs no reading.
        #expect(result.map(\.otherKeys.count) == [1, 0, 0])
        #expect(result.map(\.parent) == [nil, result[0].key, result[1].key])
    }

    @Test("a machine without results of its own finds all, gets the same image and remembers what was fetched")
    func importing() async throws {
        let exchange = MemoryExchange()
        let (run, config) = try await built(exchange)
        try run.cache.remove(run.cache.all().map(\.key))
        let begun = run.worker.begunSteps
        #expect(try await run.build(dockerfile, exchange: exchange) == config)
        #expect(origins(run) == Array(repeating: "elsewhere", count: 5))
        #expect(run.worker.begunSteps == begun && run.explanations.isEmpty)
        // The result's layers only.
        #expect(Set(exchange.brought).count == 1)
        #expect(try run.cache.all().map(\.description) == ["RUN check"])
    }

    @Test("a source whose layers are gone is given up, and the build begins anew")
    func broken() async throws {
        let exchange = MemoryExchange()
        let (run, _) = try await built(exchange)
        try run.cache.remove(run.cache.all().map(\.key))
        exchange.failToBring()
        try await run.build(dockerfile, exchange: exchange)
        let plans = run.events.filter { if case .plan = $0 { true } else { false } }
        #expect(plans.count == 2 && run.explanations.count == 5)
        #expect(run.events.contains { if case .warning("elsewhere is given up") = $0 { true } else { false } })
        #expect(!run.events.contains { if case .stepFailed = $0 { true } else { false } })
    }

    @Test("the key of a copy from a stage needs the stage's layers only, also on the machine itself")
    func shortcut() async throws {
        let run = try BuildRun()
        try run.context(["a": "1", "other": "2"])
        try await run.build(dockerfile)
        try await run.build(dockerfile)
        #expect(run.cached.count == 5)
        // Another file of equal content in the stage is another stage, whose content is read then.
        try await run.build(dockerfile.replacingOccurrences(of: "RUN make", with: "RUN make all"))
        #expect(run.cached.count == 4)
    }

    @Test("records inside of the image name its layers")
    func inline() throws {
        let diffIDs = (1...3).map { Digest(sha256: [UInt8](repeating: $0, count: 32)) }
        // sha256 of `diff id 1, a blank, diff id 2`.
        let second = try Digest("sha256:\(Self.secondChain)")
        let steps = [
            ExportedStep(
                key: "a", otherKeys: ["b"], parent: nil, chainID: second, diffID: diffIDs[1], createdAt: Timestamp(seconds: 1)),
            ExportedStep(
                key: "c", otherKeys: [], parent: nil, chainID: diffIDs[2], diffID: diffIDs[2], createdAt: Timestamp(seconds: 2)),
            ExportedStep(
                key: "d", otherKeys: [], parent: "a", chainID: diffIDs[0], diffID: diffIDs[0], createdAt: Timestamp(seconds: 3)),
            ExportedStep(
                key: "e", otherKeys: [], parent: "a", chainID: try Digest("sha256:" + String(repeating: "e", count: 64)),
                diffID: diffIDs[1], createdAt: Timestamp(seconds: 4)),
        ]
        let text = try #require(try InlineCache.text(steps, diffIDs: diffIDs))
        let records = try JSONDecoder().decode([BuildCacheConfig.Record].self, from: try #require(Data(base64Encoded: text)))
        #expect(records.map(\.digest) == ["sha256:a", "sha256:b", "sha256:c", "sha256:d"])
        #expect(records.map { $0.results.map(\.layer) } == [[1], [1], [], [0]])
        // A layer made on nothing stands alone among the image's.
        #expect(records.map { $0.chains.map(\.layers) } == [[], [], [[2]], []])
        #expect(records.map { $0.inputs.map { $0.map(\.link) } } == [[], [], [], [[0]]])
        #expect(try InlineCache.text([], diffIDs: diffIDs) == nil)
    }

    private static let secondChain = "ad00036de6f26a309d173ace61d4a45573a1658ab0ff36e3858c3dbee3c5ded8"
}
