import DockerAPI
import Essentials
import OCI

extension BuildCommand {
    /// Flags, environment and configuration file as one plain value.
    func settings(_ session: Session, _ outputs: [BuildOutput]) throws -> BuildSettings {
        var settings = BuildSettings(source: Self.source(operands[0]))
        settings.dockerfile = file
        settings.tags = try tag.map(Self.checkedTag)
        for name in try outputs.flatMap(\.storedNames).map(Self.checkedTag) where !settings.tags.contains(name) {
            settings.tags.append(name)
        }
        settings.squash = squash
        settings.buildArguments = Self.proxyArguments(try session.config())
        for text in buildArg {
            let (key, value) = FlagValue.split(text)
            // A bare name takes its value from our environment; one that is not set there is passed as unset.
            settings.buildArguments[key] = .some(value ?? session.environment[key])
        }
        if let epoch = session.environment["SOURCE_DATE_EPOCH"], settings.buildArguments["SOURCE_DATE_EPOCH"] == nil {
            settings.buildArguments["SOURCE_DATE_EPOCH"] = .some(epoch)
        }
        settings.labels = FlagValue.map(label)
        settings.target = target
        settings.noCache = noCache
        settings.pull = pull
        settings.quiet = quiet || progress == "quiet"
        settings.removeIntermediate = rm
        settings.forceRemove = forceRm
        settings.networkMode = network == "default" ? "" : network
        settings.extraHosts = try addHost.map(Self.host)
        settings.platform = platforms(session).first ?? ""
        settings.shmSize = try shmSize.map { try FlagValue.bytes($0, flag: "--shm-size") } ?? 0
        settings.memory = try memory.map { try FlagValue.bytes($0, flag: "-m, --memory") } ?? 0
        settings.memorySwap = try memorySwap.map { $0 == "-1" ? -1 : try FlagValue.bytes($0, flag: "--memory-swap") } ?? 0
        settings.cpuShares = try cpuShares.map { try FlagValue.integer($0, flag: "-c, --cpu-shares") } ?? 0
        settings.cpuPeriod = try cpuPeriod.map { try FlagValue.integer($0, flag: "--cpu-period") } ?? 0
        settings.cpuQuota = try cpuQuota.map { try FlagValue.integer($0, flag: "--cpu-quota") } ?? 0
        settings.cpusetCPUs = cpusetCpus
        settings.cpusetMems = cpusetMems
        settings.cgroupParent = cgroupParent
        settings.ulimits = try ulimit.map(Self.limit)
        settings.cacheFrom = try BuildCacheFlags.images(cacheFrom)
        settings.explanation = explainJson ? .json : explain || explainText ? .text : .none
        return settings
    }

    /// Each once, in the order given.
    func platforms(_ session: Session) -> [String] {
        let given = platform.isEmpty ? [session.environment["DOCKER_DEFAULT_PLATFORM"] ?? ""] : platform
        var result: [String] = []
        for text in given.commaSeparated where !text.isEmpty && !result.contains(text) { result.append(text) }
        return result
    }

    /// `-`, an address, or a folder.
    static func source(_ operand: String) -> BuildSettings.Source {
        if operand == "-" { return .standardInput }
        let remote = ["http://", "https://", "git://", "git@", "ssh://", "github.com/"]
        return remote.contains { operand.hasPrefix($0) } ? .remote(operand) : .directory(operand)
    }

    private static func checkedTag(_ text: String) throws -> String {
        do {
            let reference = try Reference(text)
            guard reference.digest == nil else { throw GantryError.invalid("refusing to create a tag with a digest reference") }
            return text
        } catch {
            throw UsageError.invalid(text, flag: "-t, --tag", (error as? GantryError)?.message ?? "\(error)")
        }
    }

    /// `name:address` or `name=address`, as `name:address`.
    private static func host(_ text: String) throws -> String {
        let separator = text.firstIndex(of: "=") ?? text.firstIndex(of: ":")
        guard let separator, separator != text.startIndex else {
            throw UsageError.invalid(text, flag: "--add-host", "bad format for add-host: \"\(text)\"")
        }
        let name = text[..<separator]
        var address = String(text[text.index(after: separator)...])
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard address == "host-gateway" || AddressBytes.parse(address) != nil else {
            throw UsageError.invalid(text, flag: "--add-host", "invalid IP address in add-host: \"\(address)\"")
        }
        return "\(name):\(address)"
    }

    /// `nofile=1024[:2048]`; one number sets both.
    private static func limit(_ text: String) throws -> UlimitBody {
        let (name, value) = FlagValue.split(text)
        let numbers = (value ?? "").split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard !name.isEmpty, (1...2).contains(numbers.count), let soft = numbers[0], let hard = numbers[numbers.count - 1] else {
            throw UsageError.invalid(text, flag: "--ulimit", "invalid ulimit argument: \(text)")
        }
        guard hard == -1 || soft <= hard && soft != -1 else {
            throw UsageError.invalid(
                text, flag: "--ulimit", "ulimit soft limit must be less than or equal to hard limit: \(soft) > \(hard)")
        }
        var limit = UlimitBody()
        limit.name = name
        limit.soft = soft
        limit.hard = hard
        return limit
    }

    /// The proxies of the configuration file as build arguments, in both cases. Source: docker CLI config.json, `proxies`.
    static func proxyArguments(_ config: ConfigFile) -> [String: String?] {
        guard let proxies = config[value: "proxies"]?["default"] else { return [:] }
        let names = [
            "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "noProxy": "NO_PROXY", "allProxy": "ALL_PROXY",
            "ftpProxy": "FTP_PROXY",
        ]
        var result: [String: String?] = [:]
        for (key, name) in names {
            guard let value = proxies[key]?.string, !value.isEmpty else { continue }
            result[name] = value
            result[name.lowercased()] = value
        }
        return result
    }
}
