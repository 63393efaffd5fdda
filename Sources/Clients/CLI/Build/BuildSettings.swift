import DockerAPI
import Essentials

/// What `build` was asked for, resolved: no flag, file or environment variable is looked at after this.
struct BuildSettings: Equatable {
    /// Where the context comes from.
    enum Source: Equatable {
        case directory(String)
        /// An archive or a Dockerfile on standard input.
        case standardInput
        /// An address that the daemon fetches.
        case remote(String)
    }

    enum Explanation: String, Equatable { case none, text, json }

    var source: Source
    /// As given with `-f`; nil for `Dockerfile` in the context, `-` for standard input.
    var dockerfile: String?
    /// In place of the file of that name.
    var dockerfileText: String?
    /// That go with the text; nil for those of the context.
    var ignoreRules: String?
    var tags: [String] = []
    var buildArguments: [String: String?] = [:]
    var labels: [String: String] = [:]
    var target = ""
    var noCache = false
    var pull = false
    var quiet = false
    var removeIntermediate = true
    var forceRemove = false
    var networkMode = ""
    var extraHosts: [String] = []
    var platform = ""
    var shmSize: Int64 = 0
    var memory: Int64 = 0
    var memorySwap: Int64 = 0
    var cpuShares: Int64 = 0
    var cpuPeriod: Int64 = 0
    var cpuQuota: Int64 = 0
    var cpusetCPUs = ""
    var cpusetMems = ""
    var cgroupParent = ""
    var ulimits: [UlimitBody] = []
    /// Images by their names alone; other caches are among the additions.
    var cacheFrom: [String] = []
    var explanation = Explanation.none
    var squash = false
    /// What Docker's parameters have no place for.
    var additions = BuildAdditions()

    init(source: Source) { self.source = source }

    /// The query of ImageBuild, in a fixed order, without what is at its default.
    /// - Parameter dockerfile: the Dockerfile's path inside the context.
    /// Source: Engine API 1.51, ImageBuild; `gantry-events` is ours and asks for ``BuildEventMessage`` lines.
    func query(dockerfile: String) throws -> [(String, String)] {
        var items: [(String, String)] = [("gantry-events", "1"), ("dockerfile", dockerfile)]
        func add(_ name: String, _ value: String) { if !value.isEmpty { items.append((name, value)) } }
        func add(_ name: String, _ value: Int64) { if value != 0 { items.append((name, String(value))) } }
        func add(_ name: String, _ value: Bool) { if value { items.append((name, "1")) } }
        func addJSON(_ name: String, _ value: some Encodable, _ isEmpty: Bool) throws {
            if !isEmpty { items.append((name, String(decoding: try EngineJSON.encode(value), as: UTF8.self))) }
        }
        for tag in tags { add("t", tag) }
        if case .remote(let address) = source { add("remote", address) }
        try addJSON(
            "buildargs", JSONValue.object(buildArguments.mapValues { $0.map(JSONValue.string) ?? .null }), buildArguments.isEmpty)
        try addJSON("labels", JSONValue.object(labels.mapValues(JSONValue.string)), labels.isEmpty)
        add("target", target)
        add("nocache", noCache)
        add("squash", squash)
        add("pull", pull)
        items.append(("rm", removeIntermediate ? "1" : "0"))
        add("forcerm", forceRemove)
        add("networkmode", networkMode)
        for host in extraHosts { add("extrahosts", host) }
        add("platform", platform)
        add("shmsize", shmSize)
        add("memory", memory)
        add("memswap", memorySwap)
        add("cpushares", cpuShares)
        add("cpuperiod", cpuPeriod)
        add("cpuquota", cpuQuota)
        add("cpusetcpus", cpusetCPUs)
        add("cpusetmems", cpusetMems)
        add("cgroupparent", cgroupParent)
        try addJSON("ulimits", ulimits, ulimits.isEmpty)
        try addJSON("cachefrom", cacheFrom, cacheFrom.isEmpty)
        return items
    }
}
