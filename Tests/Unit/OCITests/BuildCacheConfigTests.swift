import Essentials
import Foundation
import OCI
import Testing

@Suite("build cache records")
struct BuildCacheConfigTests {
    /// As BuildKit (in Docker 20.10) wrote them into an image: RUN, COPY, RUN on a base of one layer.
    private static let buildKit = """
        [{"layers":[{"layer":1,"createdAt":"2026-11-26T14:27:37.916968564Z"}],"digest":"sha256:0687c53c00d359df22b64fa2701423296cdb3422024b54df378b8fcffac6b18e","inputs":[[{"link":3}]]},
        {"digest":"sha256:7f1caf4930d95fdc321938ee4329ff5951961481aa0548017416b78f0c11556b"},
        {"layers":[{"layer":3,"createdAt":"2026-11-26T14:27:37.989772445Z"}],"digest":"sha256:a23137c9fa67515828293776b0dd139b702ffa741ff248992bfc2021def974ba","inputs":[[{"link":4}]]},
        {"digest":"sha256:e0e99311c164e31be41f9e5144ab83b06120a4393a61c82dea37dc2704070bfa"},
        {"layers":[{"layer":2,"createdAt":"2026-11-26T14:27:37.929451314Z"}],"digest":"sha256:f41954d9a6bb5b52733f3154627e2490beeabac549b32a657fccc876f275afeb","inputs":[[{"link":0}],[{"link":1}]]}]
        """

    private func digest(_ byte: UInt8) -> Digest { Digest(sha256: [UInt8](repeating: byte, count: 32)) }

    @Test func readsBuildKitsRecords() throws {
        var config = BuildCacheConfig()
        config.records = try JSONDecoder().decode([BuildCacheConfig.Record].self, from: Data(Self.buildKit.utf8))
        config.layers = (0..<4).map { BuildCacheConfig.Layer(blob: digest(UInt8($0)), parent: $0 - 1) }
        #expect(config.records.map(\.inputs.count) == [1, 0, 1, 0, 2])
        let results = try config.records.map { try config.result(of: $0) }
        #expect(results.map { $0?.layers } == [[0, 1], nil, [0, 1, 2, 3], nil, [0, 1, 2]])
        #expect(results[0]?.createdAt == "2026-11-26T14:27:37.916968564Z")
    }

    @Test func aParentThatIsNotWrittenIsTheFirstLayer() throws {
        let text = """
            {"layers":[{"blob":"\(digest(1))","parent":-1},{"blob":"\(digest(2))"}],
             "records":[{"digest":"sha256:a","layers":[{"layer":1}]},{"digest":"sha256:b","chains":[{"layers":[1]}]}]}
            """
        let config = try JSONDecoder().decode(BuildCacheConfig.self, from: Data(text.utf8))
        #expect(try config.result(of: config.records[0])?.layers == [0, 1])
        #expect(try config.result(of: config.records[1])?.layers == [1])
        let again = try JSONDecoder().decode(BuildCacheConfig.self, from: JSONEncoder().encode(config))
        #expect(again == config)
    }

    @Test(arguments: [[0], [1, 0], [-1, 2, 1]])
    func layersThatStandOnThemselvesAreRefused(parents: [Int]) throws {
        var config = BuildCacheConfig()
        config.layers = parents.map { BuildCacheConfig.Layer(blob: digest(0), parent: $0) }
        let record = BuildCacheConfig.Record(digest: "sha256:a", results: [.init(layer: parents.count - 1, createdAt: nil)])
        #expect(throws: GantryError.self) { try config.result(of: record) }
    }

    @Test(arguments: [-2, 1, 99, Int.max, Int.min])
    func placesOutsideAreRefused(place: Int) throws {
        var config = BuildCacheConfig()
        config.layers = [BuildCacheConfig.Layer(blob: digest(0), parent: -1)]
        let record = BuildCacheConfig.Record(digest: "sha256:a", results: [.init(layer: place, createdAt: nil)])
        #expect(throws: GantryError.self) { try config.result(of: record) }
        #expect(throws: GantryError.self) {
            try config.result(of: .init(digest: "sha256:a", chains: [.init(layers: [0, place], createdAt: nil)]))
        }
    }
}
