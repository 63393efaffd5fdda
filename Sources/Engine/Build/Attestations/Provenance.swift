import Builder
import Essentials
import FoundationEssentials
import OCI

/// How an image was made. Source: SLSA, provenance v0.2 and v1; BuildKit, docs/attestations/slsa-provenance.
struct Provenance: Sendable {
    /// Names what our parameters mean.
    private static let buildType = "urn:gantry:dockerfile-build:1"
    static let type02 = "https://slsa.dev/provenance/v0.2"
    static let type1 = "https://slsa.dev/provenance/v1"

    let story: BuildStory
    let materials: [BuildMaterial]
    let platform: Platform
    let isFull: Bool
    let finishedAt: Timestamp

    func attestation(isVersion1: Bool) throws -> Attestation {
        let bytes = isVersion1 ? try ResultJSON.encode(version1) : try ResultJSON.encode(version02)
        return Attestation(
            predicateType: isVersion1 ? Self.type1 : Self.type02, predicate: Data(bytes), fileName: "provenance.json")
    }

    // MARK: Shared

    private struct Named: Encodable { var name: String }
    private struct Identified: Encodable {
        var id: String
        var optional = true
    }
    private struct Identity: Encodable { var id = "" }
    private struct Material: Encodable {
        var uri: String
        var digest: [String: String]
    }
    private struct Parameters: Encodable {
        var frontend = "dockerfile.v0"
        var args: [String: String]
        var secrets: [Identified]?
        var ssh: [Identified]?
        var locals: [Named]?
    }
    private struct Source: Encodable {
        var filename: String
        var language = "Dockerfile"
        /// Base64.
        var data: Data
    }

    /// The short form leaves out what users choose freely: arguments and labels may hold what is nobody's business.
    private static let isPrivate = ["context:", "build-arg:", "label:"]

    private var parameters: Parameters {
        let all = story.arguments
        let shown = isFull ? all : all.filter { key, _ in !Self.isPrivate.contains { key.hasPrefix($0) } }
        var parameters = Parameters(args: shown)
        if isFull {
            let options = story.request.options
            parameters.secrets = options.secrets.isEmpty ? nil : options.secrets.keys.sorted().map { Identified(id: $0) }
            parameters.ssh = options.agents.isEmpty ? nil : options.agents.sorted().map { Identified(id: $0) }
        }
        if story.remote == nil { parameters.locals = [Named(name: "context"), Named(name: "dockerfile")] }
        return parameters
    }

    private var isComplete: Bool {
        isFull || !story.arguments.keys.contains { key in Self.isPrivate.contains { key.hasPrefix($0) } }
    }

    private var listed: [Material] {
        var seen: Set<BuildMaterial> = []
        return (story.fetched + materials).filter { seen.insert($0).inserted }.map {
            Material(uri: $0.uri, digest: [$0.algorithm: $0.digest])
        }
        .sorted { $0.uri < $1.uri }
    }

    /// Of a context that was fetched.
    private var sourceDigest: [String: String]? {
        guard story.remote != nil, let first = story.fetched.first else { return nil }
        return [first.algorithm: first.digest]
    }

    private var entryPoint: String { story.request.dockerfile.isEmpty ? "Dockerfile" : story.request.dockerfile }
    private var source: Source? { isFull ? Source(filename: entryPoint, data: Data(story.dockerfile.utf8)) : nil }

    // MARK: Version 0.2

    private struct Version02: Encodable {
        struct ConfigSource: Encodable {
            var uri: String?
            var digest: [String: String]?
            var entryPoint: String
        }
        struct Environment: Encodable { var platform: String }
        struct Invocation: Encodable {
            var configSource: ConfigSource
            var parameters: Parameters
            var environment: Environment
        }
        struct Completeness: Encodable {
            var parameters: Bool
            var environment = true
            var materials: Bool
        }
        struct Metadata: Encodable {
            var buildInvocationID: String
            var buildStartedOn: String
            var buildFinishedOn: String
            var completeness: Completeness
            var reproducible = false
            var source: Source?

            enum CodingKeys: String, CodingKey {
                case buildInvocationID, buildStartedOn, buildFinishedOn, completeness, reproducible
                case source = "urn:gantry:dockerfile-build:1#source"
            }
        }
        var builder = Identity()
        var buildType: String
        var materials: [Material]
        var invocation: Invocation
        var metadata: Metadata
    }

    private var version02: Version02 {
        Version02(
            buildType: Self.buildType, materials: listed,
            invocation: Version02.Invocation(
                configSource: Version02.ConfigSource(uri: story.remote, digest: sourceDigest, entryPoint: entryPoint),
                parameters: parameters,
                environment: Version02.Environment(platform: Platform.host.text)),
            metadata: Version02.Metadata(
                buildInvocationID: story.invocationID, buildStartedOn: story.startedAt.rfc3339,
                buildFinishedOn: finishedAt.rfc3339,
                completeness: Version02.Completeness(parameters: isComplete, materials: story.remote != nil), source: source))
    }

    // MARK: Version 1

    private struct Version1: Encodable {
        struct ConfigSource: Encodable {
            var uri: String?
            var digest: [String: String]?
            var path: String
        }
        struct External: Encodable {
            var configSource: ConfigSource
            var request: Parameters
        }
        struct Internal: Encodable {
            var builderPlatform: String
            var source: Source?
        }
        struct Definition: Encodable {
            var buildType: String
            var externalParameters: External
            var internalParameters: Internal
            var resolvedDependencies: [Material]
        }
        struct Metadata: Encodable {
            var invocationID: String
            var startedOn: String
            var finishedOn: String

            enum CodingKeys: String, CodingKey {
                case invocationID = "invocationId"
                case startedOn, finishedOn
            }
        }
        struct Run: Encodable {
            var builder = Identity()
            var metadata: Metadata
        }
        var buildDefinition: Definition
        var runDetails: Run
    }

    private var version1: Version1 {
        Version1(
            buildDefinition: Version1.Definition(
                buildType: Self.buildType,
                externalParameters: Version1.External(
                    configSource: Version1.ConfigSource(uri: story.remote, digest: sourceDigest, path: entryPoint),
                    request: parameters),
                internalParameters: Version1.Internal(builderPlatform: Platform.host.text, source: source),
                resolvedDependencies: listed),
            runDetails: Version1.Run(
                metadata: Version1.Metadata(
                    invocationID: story.invocationID, startedOn: story.startedAt.rfc3339, finishedOn: finishedAt.rfc3339)))
    }
}
