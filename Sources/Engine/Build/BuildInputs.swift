import Builder
import CLinux
import Dockerfile
import Essentials
import Images
import LinuxSystem
import OCI

/// Everything that a build reads, brought to where it can be read: the Dockerfile, the context, and what is named beside it.
struct BuildInputs: Sendable {
    var dockerfile: String
    var context: BuildContext
    var contexts: [String: NamedContext] = [:]
    /// Sockets of ssh agents, opened, by id.
    var agents: [String: OwnedDescriptor] = [:]
    /// What was fetched, the context first.
    var fetched: [BuildMaterial] = []

    static func prepare(
        _ request: ImageBuildRequest, _ stream: ByteStream, _ directory: BuildDirectory, adapter: BuildOperationsAdapter
    ) async throws -> BuildInputs {
        let name = request.dockerfile.isEmpty ? "Dockerfile" : request.dockerfile
        let (root, fetched) = try await root(request, stream, directory)
        let local = request.local
        let (text, context) = try await BlockingWork.run {
            try directory.read(
                dockerfile: name, in: root, text: local.dockerfileText, ignoreRules: local.ignoreRules,
                isForeign: local.context != nil)
        }
        var inputs = BuildInputs(dockerfile: text, context: context)
        inputs.fetched += fetched.map { [$0] } ?? []
        for named in local.contexts {
            let (context, fetched) = try await source(named, request, directory, adapter)
            inputs.contexts[Self.key(named.name)] = context
            inputs.fetched += fetched.map { [$0] } ?? []
        }
        for (id, descriptor) in local.agents { inputs.agents[id] = try take(descriptor, request) }
        return inputs
    }

    /// How a name is looked up: an image's name in full, anything else in lower case.
    private static func key(_ name: String) -> String { name.lowercased() }

    /// The context's directory: the client's own, what came in the stream, or what was fetched.
    private static func root(
        _ request: ImageBuildRequest, _ stream: ByteStream, _ directory: BuildDirectory
    ) async throws -> (OwnedDescriptor, BuildMaterial?) {
        if let passed = request.local.context {
            let folder = try take(passed, request)
            guard try folder.status().kind == .directory else { throw GantryError.invalid("the build context is no directory") }
            return (folder, nil)
        }
        var fetched: BuildMaterial?
        if request.remote.isEmpty || request.remote == "client-session" {
            try await directory.unpack(stream)
        } else {
            fetched = try await fetch(request.remote, into: directory.contextPath, request, directory)
        }
        return (try directory.contextRoot(request.remote), fetched)
    }

    /// A repository or a file from elsewhere as a directory.
    static func fetch(
        _ address: String, into path: String, _ request: ImageBuildRequest, _ directory: BuildDirectory
    ) async throws -> BuildMaterial {
        if let source = try GitSource(address) {
            let secrets = request.options.secrets
            let revision = try await GitCheckout(source: source, secrets: secrets).fetch(
                into: path, scratch: directory.filesPath,
                keepsGitDirectory: request.options.isSet("BUILDKIT_CONTEXT_KEEP_GIT_DIR") || source.keepsGitDirectory ?? false)
            // A checkout's files have the time of the checkout, which says nothing: the commit's makes it repeatable.
            try await BlockingWork.run { try TimeClamp(limit: revision.committedAt * 1_000_000_000).apply(below: path) }
            return BuildMaterial(uri: source.publicAddress, algorithm: "sha1", digest: revision.commit)
        }
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw GantryError.unsupported(
                "cannot build from `\(address)`", hint: "give a git repository, or the http(s) URL of an archive or Dockerfile")
        }
        let file = try await HTTPDownload.fetch(address, into: directory.filesPath)
        return try await BlockingWork.run {
            try directory.use(file.content, dockerfile: "Dockerfile", into: path)
            return BuildMaterial(
                uri: PublicAddress.of(address), algorithm: "sha256", digest: try BuildMaterial.digest(of: file.content))
        }
    }

    private static func take(_ descriptor: PassedDescriptor, _ request: ImageBuildRequest) throws -> OwnedDescriptor {
        guard let peer = request.local.peer else { throw PeerProcess.refusal(nil) }
        return try peer.descriptor(descriptor, claimed: request.local.processID)
    }

    private static func source(
        _ named: LocalBuildParts.NamedContext, _ request: ImageBuildRequest, _ directory: BuildDirectory,
        _ adapter: BuildOperationsAdapter
    ) async throws -> (NamedContext, BuildMaterial?) {
        switch named.source {
        case .image(let name): return (.image(name), nil)
        case .directory(let passed, let rules):
            let ignored: IgnoreFile
            do throws(IgnoreFile.PatternError) { ignored = try IgnoreFile(rules) } catch {
                throw GantryError.invalid(error.message)
            }
            return (.directory(BuildContext(root: try take(passed, request), ignored: ignored, isForeign: true)), nil)
        case .remote(let address):
            let path = try directory.makeExtra()
            let fetched = try await fetch(address, into: path, request, directory)
            return (.directory(BuildContext(root: try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY))), fetched)
        case .layout(let passed, let wanted):
            let folder = try take(passed, request)
            let store = adapter.context.imageStore
            let loaded = try await BlockingWork.run {
                try LayoutFolder(folder, wanted: wanted).load(into: store, scratch: directory.filesPath)
            }
            return (.image(loaded.description), nil)
        }
    }
}
