import Builder
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI

extension BuildOperationsAdapter {
    /// What was asked to be said of one platform's result.
    func attestations(
        of outcome: PlatformBuilds.Outcome, _ requests: [AttestationRequest], _ story: BuildStory
    ) async throws -> [Attestation] {
        // BuildKit's scanners can be asked to look at more than the result.
        for name in ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"] {
            guard requests.contains(.contents), let value = story.request.options.buildArguments[name].flatMap({ $0 }),
                !["", "0", "false"].contains(value.lowercased())
            else { continue }
            throw GantryError.unsupported("`\(name)` is not offered: an SBOM tells what is in the result")
        }
        var result: [Attestation] = []
        for request in requests {
            switch request {
            case .contents: result.append(try await contents(of: outcome, story))
            case .provenance(let isFull, let isVersion1):
                let provenance = Provenance(
                    story: story, materials: outcome.materials, platform: outcome.platform, isFull: isFull, finishedAt: .now())
                result.append(try provenance.attestation(isVersion1: isVersion1))
            }
        }
        return result
    }

    /// The packages in the result's files.
    private func contents(of outcome: PlatformBuilds.Outcome, _ story: BuildStory) async throws -> Attestation {
        let store = context.imageStore
        let version = context.configuration.version
        let name = story.request.tags.first?.withDefaultTag.familiar ?? "image"
        let epoch = story.request.options.buildArguments["SOURCE_DATE_EPOCH"].flatMap { $0 }.flatMap { Int64($0) }
        let created = epoch.map { Timestamp(seconds: $0) } ?? story.startedAt
        let scratch = "\(context.configuration.dataRoot)/tmp/build-sbom-\(Identifier.randomHex(bytes: 8))"
        return try await BlockingWork.run {
            try FileSystem.makeDirectories(scratch, mode: 0o700)
            let names = try store.lowerNames(of: outcome.chainID)
            let scanned = Result {
                let root = try PrivateMounts.overlay(
                    layersDirectory: store.layersDirectory, lower: names.isEmpty ? ["../empty"] : names, upper: nil, work: nil,
                    readOnly: true)
                var scan = PackageScan(root: root, scratch: scratch)
                return try scan.run()
            }
            try FileSystem.removeTree(scratch)
            let document = SPDXDocument(
                name: name, content: (outcome.chainID?.hex ?? "empty"), packages: try scanned.get(), createdAt: created,
                version: version)
            return Attestation(
                predicateType: SPDXDocument.predicateType, predicate: Data(try ResultJSON.encode(document)),
                fileName: "sbom.spdx.json")
        }
    }
}
