internal import Builder
internal import DockerAPI
internal import Engine
internal import Essentials
internal import NIOHTTP1
internal import OCI

/// The query and headers of `POST /build`. Source: Engine API 1.51, ImageBuild.
struct BuildQuery {
    let request: ImageBuildRequest
    /// Answer with the image's id alone.
    let quiet: Bool
    /// Answer with `BuildEventMessage` lines: our own command line asks for them.
    let wantsEvents: Bool

    init(_ context: RequestContext) async throws {
        let query = context.query
        try Self.refuseWhatIsNotOffered(query)
        var request = ImageBuildRequest()
        request.tags = try query.all("t").filter { !$0.isEmpty }.map { try Reference($0).withDefaultTag }
        request.dockerfile = query.text("dockerfile") ?? "Dockerfile"
        request.remote = query["remote"]
        request.buildID = query["buildid"]
        request.options = try Self.options(query)
        request.options.dockerfileName = request.dockerfile.split(separator: "/").last.map(String.init) ?? "Dockerfile"
        request.options.scope = request.tags.first?.familiar ?? ""
        request.credentials =
            context.head.headers.first(name: AuthConfig.buildHeaderName).map { AuthConfig.map(headerValue: $0) }?
            .mapValues(RegistryLogin.init) ?? [:]
        for text in try Self.json([String].self, query["cachefrom"], what: "cache-from") ?? [] {
            request.cacheSources += try BuildCacheOption.parse(text).map { try $0.source() }
        }
        if request.options.isSet("BUILDKIT_INLINE_CACHE") { request.cacheTargets.append(CacheTarget(.inline)) }
        if let header = context.head.headers.first(name: BuildAdditions.headerName) {
            guard let additions = BuildAdditions(headerValue: header) else {
                throw GantryError.invalid("the header \(BuildAdditions.headerName) cannot be read")
            }
            try additions.apply(to: &request)
            if request.needsPeer { request.local.peer = await context.body.peer() }
        }
        self.request = request
        quiet = query.bool("q")
        wantsEvents = query.bool("gantry-events")
    }

    private static func refuseWhatIsNotOffered(_ query: Query) throws {
        switch query["version"] {
        case "", "1": break
        case "2":
            throw GantryError.unsupported("BuildKit sessions are not offered", hint: "set DOCKER_BUILDKIT=0")
        case let other: throw GantryError.invalid("invalid version \"\(other)\"")
        }
        // As Docker on Linux.
        if let isolation = query.text("isolation"), isolation.lowercased() != "default" {
            throw GantryError.invalid("unsupported isolation: \"\(isolation)\"")
        }
        if let options = query.text("securityopt"), options != "[]" && options != "null" {
            throw GantryError.invalid("The daemon on this platform (linux) does not support setting security options on build")
        }
        if let outputs = query.text("outputs"), outputs != "[]" && outputs != "null" {
            throw GantryError.unsupported("build outputs other than an image are not offered")
        }
    }

    private static func options(_ query: Query) throws -> BuildOptions {
        var options = BuildOptions()
        options.buildArguments = try json([String: String?].self, query["buildargs"], what: "build args") ?? [:]
        options.labels = try json([String: String].self, query["labels"], what: "labels") ?? [:]
        options.target = query["target"]
        options.noCache = query.bool("nocache")
        options.squashes = query.bool("squash")
        options.pull = query.bool("pull")
        options.platform = try PlatformText.parse(query["platform"])?.normalized
        options.networkMode = query["networkmode"]
        options.extraHosts = query.all("extrahosts").filter { !$0.isEmpty }
        options.limits = try limits(query)
        return options
    }

    private static func limits(_ query: Query) throws -> BuildLimits {
        func number(_ key: String) throws -> Int64 { Int64(try query.integer(key) ?? 0) }
        var limits = BuildLimits()
        limits.shmSize = try number("shmsize")
        limits.memory = try number("memory")
        limits.memorySwap = try number("memswap")
        limits.cpuShares = try number("cpushares")
        limits.cpuPeriod = try number("cpuperiod")
        limits.cpuQuota = try number("cpuquota")
        limits.cpusetCPUs = query["cpusetcpus"]
        limits.cpusetMems = query["cpusetmems"]
        limits.cgroupParent = query["cgroupparent"]
        limits.ulimits = (try json([UlimitBody].self, query["ulimits"], what: "ulimit settings") ?? []).map {
            BuildLimits.Ulimit(name: $0.name, soft: $0.soft, hard: $0.hard)
        }
        return limits
    }

    /// - Parameter what: as Docker's message calls it.
    private static func json<Value: Decodable>(_ type: Value.Type, _ text: String, what: String) throws -> Value? {
        guard !text.isEmpty else { return nil }
        do {
            return try EngineJSON.decode(Value?.self, from: text.utf8)
        } catch {
            let first = text.first.map { "invalid character '\($0)' looking for beginning of value" } ?? "unexpected EOF"
            throw GantryError.invalid("error reading \(what): \(first)")
        }
    }
}
