import DockerAPI
import Essentials

/// `-p [ip:][host:]container[/protocol]`, each part of which may be a range. Source: docker CLI, `--publish`.
enum PortFlag {
    struct Mapping: Equatable {
        /// `80/tcp`.
        var port: String
        var hostAddress: String
        /// A number, a range, or empty for any.
        var hostPort: String
    }

    static func bindings(_ specifications: [String]) throws -> [String: [PortBinding]?] {
        var result: [String: [PortBinding]] = [:]
        for mapping in try specifications.flatMap(parse) {
            var binding = PortBinding()
            binding.hostIp = mapping.hostAddress
            binding.hostPort = mapping.hostPort
            result[mapping.port, default: []].append(binding)
        }
        return result.mapValues { $0 }
    }

    static func parse(_ specification: String) throws -> [Mapping] {
        if specification.contains("=") { return try parse(longForm(specification)) }
        let (address, host, containerPart) = splitParts(specification)
        let (container, proto) = splitProtocol(containerPart)
        guard !container.isEmpty else { throw GantryError.invalid("no port specified: \(specification)<empty>") }
        guard ["tcp", "udp", "sctp"].contains(proto.lowercased()) else { throw GantryError.invalid("invalid proto: \(proto)") }
        let bare = address.hasPrefix("[") && address.hasSuffix("]") ? String(address.dropFirst().dropLast()) : address
        guard bare.isEmpty || AddressBytes.parse(bare) != nil else { throw GantryError.invalid("invalid IP address: \(address)") }
        guard let ports = range(container) else { throw GantryError.invalid("invalid containerPort: \(container)") }
        guard !host.isEmpty else {
            return ports.map { Mapping(port: "\($0)/\(proto.lowercased())", hostAddress: bare, hostPort: "") }
        }
        guard let hosts = range(host) else { throw GantryError.invalid("invalid hostPort: \(host)") }
        if ports.count != hosts.count {
            // One port may take any of a range.
            guard ports.count == 1 else {
                throw GantryError.invalid("invalid ranges specified for container and host Ports: \(container) and \(host)")
            }
            return [Mapping(port: "\(ports.lowerBound)/\(proto.lowercased())", hostAddress: bare, hostPort: host)]
        }
        return zip(ports, hosts).map { Mapping(port: "\($0)/\(proto.lowercased())", hostAddress: bare, hostPort: String($1)) }
    }

    /// `target=80,published=8080,protocol=tcp` of newer clients.
    private static func longForm(_ text: String) throws -> String {
        var target = ""
        var published = ""
        var proto = "tcp"
        for field in CommaFields.split(text) {
            let (key, value) = FlagValue.split(field)
            guard let value, !value.isEmpty else { throw GantryError.invalid("invalid field: \(field)") }
            switch key.lowercased() {
            case "target": target = value
            case "published": published = value
            case "protocol": proto = value
            case "mode":
                guard ["host", "ingress"].contains(value) else {
                    throw GantryError.invalid("invalid publish mode value (\(value))")
                }
            default: throw GantryError.invalid("invalid field key: \(key)")
            }
        }
        guard !target.isEmpty else { throw GantryError.invalid("missing mandatory field target") }
        return "\(published.isEmpty ? "" : published + ":")\(target)/\(proto)"
    }

    private static func splitParts(_ text: String) -> (address: String, host: String, container: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return ("", "", parts[0])
        case 2: return ("", parts[0], parts[1])
        default: return (parts.dropLast(2).joined(separator: ":"), parts[parts.count - 2], parts[parts.count - 1])
        }
    }

    static func splitProtocol(_ text: String) -> (port: String, proto: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts.count > 1 && !parts[1].isEmpty ? parts[1] : "tcp")
    }

    static func range(_ text: String) -> ClosedRange<UInt16>? {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let start = UInt16(parts[0]) else { return nil }
        guard parts.count > 1 else { return start...start }
        guard let end = UInt16(parts[1]), end >= start else { return nil }
        return start...end
    }
}

extension NetworkFlags {
    /// What `--expose` and `--publish` name. Source: Engine API 1.51, ExposedPorts.
    func exposedPorts() throws -> [String: EmptyObject]? {
        var result: [String: EmptyObject] = [:]
        for mapping in try publish.flatMap(PortFlag.parse) { result[mapping.port] = EmptyObject() }
        for text in expose {
            guard !text.contains(":") else { throw GantryError.invalid("invalid port format for --expose: \(text)") }
            let (ports, proto) = PortFlag.splitProtocol(text)
            guard let range = PortFlag.range(ports) else {
                let number = ports.split(separator: "-", omittingEmptySubsequences: false).first { UInt16($0) == nil } ?? ports[...]
                let reason = Int(number) == nil ? "invalid syntax" : "value out of range"
                throw GantryError.invalid(
                    "invalid range format for --expose: \(text), error: strconv.ParseUint: parsing \"\(number)\": \(reason)")
            }
            for port in range { result["\(port)/\(proto)"] = EmptyObject() }
        }
        return result.isEmpty ? nil : result
    }
}
