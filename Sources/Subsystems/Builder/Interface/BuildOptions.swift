package import OCI

/// What a build is asked for beside its context and Dockerfile. Source: Engine API, ImageBuild.
package struct BuildOptions: Sendable {
    /// `--build-arg`: nil values were named without a value and count as not given.
    package var buildArguments: [String: String?] = [:]
    /// Stage to build; empty for the last.
    package var target = ""
    package var labels: [String: String] = [:]
    package var noCache = false
    /// Asks the registry for base images even when they are here.
    package var pull = false
    /// Nil for the host's.
    package var platform: Platform?
    /// Of RUN: `default`, `none`, `host`, the name of a network or `container:<id>`; empty for the default.
    package var networkMode = ""
    /// `name:address` for /etc/hosts of RUN.
    package var extraHosts: [String] = []
    package var limits = BuildLimits()
    /// Values of `--secret`, by id.
    package var secrets: [String: [UInt8]] = [:]
    /// Proxy variables that RUN sees without ARG and that no key holds.
    package var proxyVariables: [String: String] = [:]
    /// Steps executed at the same time.
    package var parallelSteps = 4
    /// Groups builds of the same thing, so that a rebuilt step is compared with its own past; a tag or path.
    package var scope = ""
    /// How the Dockerfile is called in messages.
    package var dockerfileName = "Dockerfile"
    /// `network.host` and `security.insecure`, where granted.
    package var entitlements: Set<String> = []
    /// Stages that are not taken from the cache.
    package var noCacheStages: Set<String> = []
    /// Ids of the ssh agents that the worker can reach.
    package var agents: Set<String> = []
    /// What `FROM name` and `--from=name` mean before stages and images are looked at.
    package var contexts: [String: NamedContext] = [:]
    /// Builds everything and makes no image.
    package var discardsImage = false
    /// Nobody asks for the result's files either: layers that others have need not come.
    package var discardsResult = false
    /// One layer for everything above the base.
    package var squashes = false
    /// A failed RUN leaves an image of the state before it, for somebody to look around in.
    package var keepsFailedStep = false
    package var call = BuildCall.build

    package init() {}

    /// True when a build argument that switches something of the builder's own was given as true. Source: Dockerfile reference,
    /// BuildKit built-in build args; Go, strconv.ParseBool.
    package func isSet(_ name: String) -> Bool {
        ["1", "t", "true"].contains(buildArguments[name].flatMap { $0 }?.lowercased())
    }
}

/// What is wanted of a Dockerfile.
package enum BuildCall: Sendable, Hashable {
    case build
    case check
    case outline
    case targets
    /// Which steps would be done again if these paths of the context had changed.
    case whatIf([String])
}

/// `--build-context name=…`.
package enum NamedContext: Sendable {
    case directory(BuildContext)
    case image(String)
}

/// Limits for the processes of RUN; zero and empty mean none.
package struct BuildLimits: Sendable, Hashable {
    /// Bytes.
    package var shmSize: Int64 = 0
    /// Bytes.
    package var memory: Int64 = 0
    /// Bytes of memory and swap together; -1 for no limit.
    package var memorySwap: Int64 = 0
    package var cpuShares: Int64 = 0
    /// Microseconds.
    package var cpuPeriod: Int64 = 0
    /// Microseconds for each period.
    package var cpuQuota: Int64 = 0
    package var cpusetCPUs = ""
    package var cpusetMems = ""
    package var cgroupParent = ""
    package var ulimits: [Ulimit] = []

    package struct Ulimit: Sendable, Hashable {
        package var name: String
        package var soft: Int64
        package var hard: Int64

        package init(name: String, soft: Int64, hard: Int64) {
            self.name = name
            self.soft = soft
            self.hard = hard
        }
    }

    package init() {}
}
