internal import Builder
internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

extension BuildAdditions {
    /// Puts what a client asks for beyond Docker's parameters into the engine's request.
    /// - Throws: `invalid` for a value that is none.
    func apply(to request: inout ImageBuildRequest) throws {
        request.local.processID = processID
        request.local.context = contextDescriptor.map(PassedDescriptor.init)
        request.local.contextPath = contextPath
        request.local.dockerfileText = dockerfileText
        request.local.ignoreRules = ignoreRules
        request.local.agents = (agents ?? [:]).mapValues(PassedDescriptor.init)
        request.local.contexts = try (contexts ?? []).map { try $0.source() }
        for (id, text) in secrets ?? [:] {
            guard let bytes = Base64.decode(text) else { throw GantryError.invalid("the secret `\(id)` is not base64") }
            request.options.secrets[id] = bytes
        }
        request.options.agents = Set(request.local.agents.keys)
        request.options.entitlements = Set(allow ?? [])
        request.options.noCacheStages = Set((noCacheFilter ?? []).map { $0.lowercased() })
        request.options.discardsImage = discardsImage ?? false
        request.options.discardsResult = discardsResult ?? false
        request.options.keepsFailedStep = keepsFailedStep ?? false
        request.platforms = try (platforms ?? []).compactMap { try PlatformText.parse($0)?.normalized }
        request.exports = try (exports ?? []).map { try $0.request() }
        request.attestations = try (attestations ?? []).map { try $0.request() }
        request.cacheSources += try (cacheFrom ?? []).map { try $0.source() }
        request.cacheTargets += try (cacheTo ?? []).map { try $0.target() }
        switch call {
        case nil, "build": request.options.call = (whatIf ?? []).isEmpty ? .build : .whatIf(whatIf ?? [])
        case "check", "lint": request.options.call = .check
        case "outline": request.options.call = .outline
        case "targets": request.options.call = .targets
        case let other?: throw GantryError.invalid("unknown call `\(other)`", hint: "expected build, check, outline or targets")
        }
    }
}

extension BuildAdditions.Export {
    fileprivate func request() throws -> BuildExportRequest {
        var request = BuildExportRequest()
        request.form.compression = try compression.map { text in
            guard let value = ExportForm.Compression(rawValue: text) else {
                throw GantryError.invalid("unsupported compression type: \(text)")
            }
            return value
        }
        request.form.level = compressionLevel
        request.form.isForced = forcesCompression ?? false
        request.form.usesOCITypes = usesOCITypes
        request.form.annotations = try (annotations ?? []).map { annotation in
            guard let place = ExportForm.Annotation.Place(rawValue: annotation.place) else {
                throw GantryError.invalid("unknown annotation type: \(annotation.place)")
            }
            return ExportForm.Annotation(
                place: place, platform: try PlatformText.parse(annotation.platform ?? "")?.normalized, key: annotation.key,
                value: annotation.value)
        }
        request.isForStore = isForStore ?? false
        request.isTree = isTree ?? false
        request.danglingNamePrefix = danglingNamePrefix ?? ""
        request.namesDigest = namesDigest ?? false
        return request
    }
}

extension BuildAdditions.Attestation {
    fileprivate func request() throws -> AttestationRequest {
        switch kind {
        case "sbom": return .contents
        case "provenance": return .provenance(isFull: mode == "max", isVersion1: version == "v1")
        default: throw GantryError.invalid("unsupported attestation type \(kind)")
        }
    }
}

extension BuildAdditions.NamedContext {
    fileprivate func source() throws -> LocalBuildParts.NamedContext {
        func folder() throws -> PassedDescriptor {
            guard let descriptor else { throw GantryError.invalid("the context `\(name)` has no descriptor") }
            return PassedDescriptor(descriptor)
        }
        let source: LocalBuildParts.NamedContext.Source =
            switch kind {
            case .directory: .directory(try folder(), ignoreRules: ignoreRules ?? "")
            case .layout: .layout(try folder(), wanted: value)
            case .image: .image(value)
            case .remote: .remote(value)
            }
        return LocalBuildParts.NamedContext(name: name, source: source)
    }
}

extension PassedDescriptor {
    init(_ descriptor: BuildAdditions.Descriptor) {
        self.init(number: descriptor.number, device: descriptor.device, inode: descriptor.inode)
    }
}

extension ImageBuildRequest {
    /// True when descriptors of the client's process are to be taken.
    var needsPeer: Bool {
        local.needsPeer || cacheSources.contains { if case .folder = $0 { true } else { false } }
            || cacheTargets.contains { if case .folder = $0.place { true } else { false } }
    }
}

extension LocalBuildParts {
    fileprivate var needsPeer: Bool {
        context != nil || !agents.isEmpty
            || contexts.contains {
                switch $0.source {
                case .directory, .layout: true
                case .image, .remote: false
                }
            }
    }
}
