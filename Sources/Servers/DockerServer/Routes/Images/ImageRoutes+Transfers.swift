internal import DockerAPI
internal import Engine
internal import Essentials
internal import NIOHTTP1
internal import OCI

extension ImageRoutes {
    var transfers: [Route] {
        [
            Route("POST", "/images/create", endsWithClient: true) { request in
                if let name = request.query.text("fromImage") { return try pull(name, request) }
                if let source = request.query.text("fromSrc") { return try importArchive(from: source, request) }
                throw GantryError.invalid("fromImage or fromSrc must be given")
            },
            Route("POST", "/images/{name}/push", endsWithClient: true, push),
        ]
    }

    private func pull(_ name: String, _ request: RequestContext) throws -> Reply {
        let reference = try ImageName.reference(name, tag: request.query["tag"])
        let platform = try PlatformText.parse(request.query["platform"])
        let login = request.registryLogin
        let allTags = reference.tag == nil && reference.digest == nil
        // A word of our own client's.
        let allPlatforms = request.query.bool("allplatforms")
        return .progress { send in
            try await images.pull(reference, allTags: allTags, platform: platform, allPlatforms: allPlatforms, credentials: login) {
                message in
                try await send(JSONMessage(message))
            }
        }
    }

    @Sendable private func push(_ request: RequestContext) async throws -> Reply {
        guard request.head.headers.contains(name: AuthConfig.headerName) else {
            throw GantryError.invalid("bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: EOF")
        }
        let reference = try ImageName.reference(request.name(), tag: request.query["tag"])
        let login = request.registryLogin
        let platform = try PlatformText.parse(request.query["platform"])
        return .progress { send in
            try await images.push(reference, platform: platform, credentials: login) { message in
                try await send(JSONMessage(message))
            }
        }
    }

    private func importArchive(from source: String, _ request: RequestContext) throws -> Reply {
        guard source == "-" else {
            throw GantryError.unsupported(
                "importing from the URL `\(source)` is not offered", hint: "download it and pipe it into the import")
        }
        let query = request.query
        let reference = try query.text("repo").map { try ImageName.reference($0, tag: query["tag"]).withDefaultTag }
        let platform = try PlatformText.parse(query["platform"])
        return .progress { send in
            try await images.importArchive(
                request.body, as: reference, message: query["message"], changes: query.all("changes"), platform: platform
            ) { message in try await send(JSONMessage(message)) }
        }
    }

    var archives: [Route] {
        [
            Route("GET", "/images/get", endsWithClient: true) { request in
                let names = request.query.all("names").filter { !$0.isEmpty }
                guard !names.isEmpty else { throw GantryError.invalid("names of images must be given") }
                let platforms = try request.platforms
                return .bytes("application/x-tar") { sink in try await images.save(names, platforms: platforms, to: sink) }
            },
            Route("GET", "/images/{name}/get", endsWithClient: true) { request in
                let name = request.name()
                let platforms = try request.platforms
                return .bytes("application/x-tar") { sink in try await images.save([name], platforms: platforms, to: sink) }
            },
            Route("POST", "/images/load", endsWithClient: true) { request in
                let quiet = request.query.bool("quiet")
                let platforms = try request.platforms
                return .progress { send in
                    try await images.load(request.body, platforms: platforms, quiet: quiet) { message in
                        try await send(JSONMessage(message))
                    }
                }
            },
        ]
    }
}

extension RequestContext {
    /// The platforms that a save or load is limited to. Source: Engine API 1.51, ImageGet, ImageLoad.
    fileprivate var platforms: [Platform] {
        get throws { try query.all("platform").compactMap(PlatformText.parse) }
    }

    /// The credentials of `X-Registry-Auth`. A value that cannot be read is ignored, as Docker does.
    var registryLogin: RegistryLogin? {
        head.headers.first(name: AuthConfig.headerName).flatMap(AuthConfig.init(headerValue:)).map(RegistryLogin.init)
    }
}
