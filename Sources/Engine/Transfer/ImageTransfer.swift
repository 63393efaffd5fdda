import Essentials
import Images
import LinuxSystem
import Logging
import OCI
import RegistryClient

/// Images on their way to and from registries.
final class ImageTransfer: Sendable {
    let context: EngineContext
    let client: RegistryClient
    let forms = CompressedForms()
    /// Of layers that leave in a form that was asked for.
    let layerForms = LayerForms()

    init(context: EngineContext) {
        self.context = context
        var configuration = RegistryConfiguration()
        configuration.mirrors = context.configuration.registryMirrors
        configuration.insecureRegistries = context.configuration.insecureRegistries
        configuration.userAgent = "gantry/\(context.configuration.version)"
        client = RegistryClient(configuration: configuration, logger: context.logger)
    }

    /// Ends every connection; transfers under way fail.
    func shutdown() async {
        do { try await client.shutdown() } catch {
            context.logger.warning("connections to registries did not end cleanly", metadata: ["error": "\(error)"])
        }
    }

    func pull(
        _ reference: Reference, allTags: Bool, platform: Platform?, credentials: RegistryLogin?, progress: @escaping ProgressSink
    ) async throws {
        let credentials = RegistryCredentials(credentials)
        guard allTags, reference.tag == nil, reference.digest == nil else {
            return try await pullOne(reference.withDefaultTag, platform: platform, credentials: credentials, progress: progress)
        }
        let repository = try await client.repository(of: reference, credentials: credentials, access: .pull)
        for tag in try await repository.tags() {
            var named = reference
            named.tag = tag
            try await pullOne(named, platform: platform, credentials: credentials, progress: progress)
        }
    }

    /// Brings the image of another platform here without giving it a name with a tag: that belongs to the host's platform.
    /// - Parameter isMember: a list is about to keep it.
    func pullForeign(
        _ reference: Reference, platform: Platform, isMember: Bool = false, credentials: RegistryLogin?,
        progress: @escaping ProgressSink
    ) async throws -> Image {
        let puller = ImagePuller(
            store: context.imageStore, client: client, logger: context.logger.with("image", reference.familiar), names: false,
            notesDigest: !isMember)
        let source = try await puller.resolve(reference, platform: platform, credentials: RegistryCredentials(credentials))
        return try await ProgressRelay.run(to: progress) { relay in try await puller.pull(source, platform: platform, relay) }
    }

    private func pullOne(
        _ reference: Reference, platform: Platform?, credentials: RegistryCredentials, progress: @escaping ProgressSink
    ) async throws {
        let puller = ImagePuller(
            store: context.imageStore, client: client, logger: context.logger.with("image", reference.familiar))
        // Whatever must be known before the first progress is asked before it, so that its failure has a status of its own.
        let source = try await puller.resolve(reference, platform: platform, credentials: credentials)
        let image = try await ProgressRelay.run(to: progress) { relay in try await puller.pull(source, platform: platform, relay) }
        var attributes = image.config.config?.labels ?? [:]
        attributes["name"] = reference.familiarRepository
        context.events.publish("image", "pull", actor: reference.familiar, attributes: attributes)
    }

    /// - Parameter platform: the image for it alone; nil for all that a name stands for.
    func push(
        _ reference: Reference, platform: Platform? = nil, credentials: RegistryLogin?, progress: @escaping ProgressSink
    ) async throws {
        let credentials = RegistryCredentials(credentials)
        try await progress(ProgressMessage(status: "The push refers to repository [\(reference.repository)]"))
        let known = try context.imageStore.list().flatMap(\.references).filter { $0.repository == reference.repository }
        let wanted = known.filter { reference.tag == nil || $0.tag == reference.tag }.sorted { ($0.tag ?? "") < ($1.tag ?? "") }
        guard !wanted.isEmpty else {
            guard !known.isEmpty, let tag = reference.tag else {
                throw GantryError.notFound("An image does not exist locally with the tag: \(reference.familiarRepository)")
            }
            throw GantryError.notFound("tag does not exist: \(reference.familiarRepository):\(tag)")
        }
        let repository = try await client.repository(of: reference, credentials: credentials, access: .push)
        for name in wanted {
            let list = try context.imageStore.list(named: name)
            if let list, platform == nil {
                try await push(list, as: name, repository: repository, progress: progress)
                continue
            }
            let image = try self.image(name, list, platform: platform)
            let pusher = ImagePusher(
                store: context.imageStore, forms: forms, repository: repository, image: image, tag: name.tag ?? "latest")
            try await ProgressRelay.run(to: progress) { relay in try await pusher.push(relay) }
            var attributes = image.config.config?.labels ?? [:]
            attributes["name"] = name.familiarRepository
            context.events.publish("image", "push", actor: name.familiar, attributes: attributes)
        }
        try await BlockingWork.run { [store = context.imageStore] in try store.collectGarbage() }
    }

    private func image(_ name: Reference, _ list: ImageList?, platform: Platform?) throws -> Image {
        let store = context.imageStore
        let image =
            try list.flatMap { list in try platform.flatMap(list.image).flatMap { try store.image(id: $0) } }
            ?? store.image(name.canonical)
        if let platform, !platform.runs(image.config.platform) {
            throw GantryError.notFound(
                "image with reference \(name.familiar) was found but does not provide the specified platform (\(platform.text))")
        }
        return image
    }

    /// - Returns: an identity token, or empty.
    func login(_ login: RegistryLogin) async throws -> String {
        try await client.checkCredentials(RegistryCredentials(login), at: login.serverAddress)
    }

    func distribution(_ reference: Reference, credentials: RegistryLogin?) async throws -> (Descriptor, [Platform]) {
        let named = reference.withDefaultTag
        do {
            let (manifest, repository) = try await client.resolveManifest(named, credentials: RegistryCredentials(credentials))
            switch try ManifestDocument(manifest, of: named) {
            case .index(let index): return (manifest.descriptor, index.manifests.compactMap(\.platform))
            case .image(let image):
                let config = try await repository.configuration(image.config).config
                return (manifest.descriptor, [config.platform])
            }
        } catch let error as GantryError where error.kind == .notFound {
            // Docker leaves the name out here.
            guard let cause = error.message.firstRange(of: " not found: ") else { throw error }
            throw GantryError.notFound(String(error.message[cause.upperBound...]))
        }
    }
}

extension RegistryCredentials {
    init(_ login: RegistryLogin?) {
        guard let login else {
            self = .anonymous
            return
        }
        if !login.registryToken.isEmpty {
            self = .registryToken(login.registryToken)
        } else if !login.identityToken.isEmpty {
            self = .identityToken(login.identityToken)
        } else if !login.username.isEmpty {
            self = .basic(username: login.username, password: login.password)
        } else {
            self = .anonymous
        }
    }
}
