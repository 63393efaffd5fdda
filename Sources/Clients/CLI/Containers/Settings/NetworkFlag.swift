import DockerAPI
import Essentials

/// `--network name` or `--network name=…,alias=…,ip=…`.
struct NetworkFlag: Equatable {
    var name: String
    var aliases: [String] = []
    var links: [String] = []
    var ip = ""
    var ip6 = ""
    var linkLocalAddresses: [String] = []
    var macAddress = ""
    var driverOptions: [String: String] = [:]
    var gatewayPriority = 0

    init(name: String) { self.name = name }

    /// Source: docker CLI, `--network`.
    static func parse(_ text: String) throws -> NetworkFlag {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--network", reason) }
        guard text.contains("=") else { return NetworkFlag(name: text) }
        var network = NetworkFlag(name: "")
        for field in CommaFields.split(text) {
            let (rawKey, given) = FlagValue.split(field)
            guard let value = given, !value.isEmpty else { throw wrong("invalid field \(field)") }
            switch rawKey.trimmed.lowercased() {
            case "name": network.name = value
            case "alias": network.aliases.append(value)
            case "ip": network.ip = value
            case "ip6": network.ip6 = value
            case "mac-address": network.macAddress = value
            case "link-local-ip": network.linkLocalAddresses.append(value)
            case "driver-opt":
                let (key, option) = FlagValue.split(value)
                guard let option else { throw wrong("invalid key value pair format in driver options") }
                network.driverOptions[key.lowercased()] = option
            case "gw-priority":
                guard let priority = Int(value) else {
                    throw wrong("invalid gw-priority (\(value)): strconv.Atoi: parsing \"\(value)\": invalid syntax")
                }
                network.gatewayPriority = priority
            default: throw wrong("invalid field key \(rawKey)")
            }
        }
        guard !network.name.isEmpty else { throw wrong("network name must be specified") }
        return network
    }

    /// False for the modes that are no networks of the user's.
    var isUserDefined: Bool { !["default", "bridge", "host", "none"].contains(name) && !name.hasPrefix("container:") }

    var endpoint: EndpointSettings {
        var endpoint = EndpointSettings()
        endpoint.aliases = aliases
        endpoint.links = links
        endpoint.macAddress = macAddress
        endpoint.driverOpts = driverOptions
        endpoint.gwPriority = gatewayPriority
        if !ip.isEmpty || !ip6.isEmpty || !linkLocalAddresses.isEmpty {
            var addresses = EndpointIPAMConfig()
            addresses.ipv4Address = ip
            addresses.ipv6Address = ip6
            addresses.linkLocalIPs = linkLocalAddresses
            endpoint.ipamConfig = addresses
        }
        return endpoint
    }
}

extension NetworkFlags {
    /// All networks asked for; the flags without a network's name belong to the first.
    func networks() throws -> [NetworkFlag] {
        var networks = try network.map(NetworkFlag.parse)
        if networks.isEmpty { networks = [NetworkFlag(name: "default")] }
        try applyPlainFlags(to: &networks[0])
        return networks
    }

    private func applyPlainFlags(to first: inout NetworkFlag) throws {
        func clash(_ flag: String) -> GantryError {
            .invalid("conflicting options: cannot specify both --\(flag) and per-network \(flag)")
        }
        if !networkAlias.isEmpty {
            guard first.aliases.isEmpty else {
                throw GantryError.invalid("conflicting options: cannot specify both --network-alias and per-network alias")
            }
            first.aliases = networkAlias
        }
        if !ip.isEmpty {
            guard first.ip.isEmpty else { throw clash("ip") }
            first.ip = ip
        }
        if !ip6.isEmpty {
            guard first.ip6.isEmpty else { throw clash("ip6") }
            first.ip6 = ip6
        }
        if !macAddress.isEmpty {
            guard first.macAddress.isEmpty else { throw clash("mac-address") }
            first.macAddress = macAddress
        }
        if !linkLocalIp.isEmpty {
            guard first.linkLocalAddresses.isEmpty else { throw clash("link-local-ip") }
            first.linkLocalAddresses = linkLocalIp
        }
        // On the default network links are the host's business, elsewhere the endpoint's.
        if first.isUserDefined { first.links = link }
    }

    func networkMode() throws -> String { try networks()[0].name }

    func networkingConfig() throws -> NetworkingConfig? {
        let networks = try networks()
        if networks.contains(where: \.isUserDefined), networks.contains(where: { !$0.isUserDefined }) {
            throw GantryError.invalid("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
        }
        var config = NetworkingConfig()
        for network in networks {
            guard config.endpointsConfig[network.name] == nil else {
                throw GantryError.invalid("network \"\(network.name)\" is specified multiple times")
            }
            config.endpointsConfig[network.name] = network.endpoint
        }
        if networks.count == 1, networks[0].endpoint == EndpointSettings() { return nil }
        return config
    }
}
