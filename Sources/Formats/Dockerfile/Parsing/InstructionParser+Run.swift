internal import Essentials

extension InstructionParser {
    func run(_ source: Source, _ flags: inout InstructionFlags) throws(DockerfileError) -> RunArguments {
        var result = RunArguments(command: command(source.arguments))
        if source.arguments.isEmpty || result.command == .exec([]) { throw source.error("RUN requires at least one argument") }
        result.heredocs = source.line.heredocs
        for text in flags.all("mount") { result.mounts.append(try mount(text, source)) }
        if let network = try flags.text("network") {
            guard ["default", "none", "host"].contains(network) else { throw source.error("invalid network mode \"\(network)\"") }
            result.network = network
        }
        if let security = try flags.text("security") {
            guard ["sandbox", "insecure"].contains(security) else {
                throw source.error("security mode \"\(security)\" is not valid")
            }
            result.security = security
        }
        result.devices = flags.all("device")
        return result
    }

    /// The options of one `--mount`, separated by commas; a value with a comma stands in double quotes.
    private func mount(_ text: String, _ source: Source) throws(DockerfileError) -> RunMount {
        let fields = Self.fields(text)
        var kind = RunMount.Kind.bind
        if let type = fields.first(where: { $0.key == "type" })?.value {
            guard let known = RunMount.Kind(rawValue: type.lowercased()) else {
                throw source.error("unsupported mount type \"\(type)\"", showsLine: false)
            }
            kind = known
        }
        var mount = RunMount(kind: kind)
        for field in fields where field.key != "type" { try set(field.key, field.value, &mount, source) }
        if mount.from?.contains("$") == true {
            throw source.error(
                "'from' doesn't support variable expansion, define alias stage instead", showsLine: true)
        }
        try check(mount, source)
        return mount
    }

    private static func fields(_ text: String) -> [(key: String, value: String?)] {
        var parts: [String] = [""]
        var quoted = false
        for character in text {
            if character == "\"" {
                quoted.toggle()
            } else if character == ",", !quoted {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.filter { !$0.isEmpty }.map { part in
            guard let equals = part.firstIndex(of: "=") else { return (part.lowercased(), nil) }
            return (part[..<equals].lowercased(), String(part[part.index(after: equals)...]))
        }
    }

    private func set(_ key: String, _ value: String?, _ mount: inout RunMount, _ source: Source) throws(DockerfileError) {
        switch key {
        case "readonly", "ro": mount.isReadOnly = try Self.boolean(key, value, source)
        case "readwrite", "rw": mount.isReadOnly = !(try Self.boolean(key, value, source))
        case "required": mount.isRequired = try Self.boolean(key, value, source)
        default:
            guard let value else { throw source.error("invalid field '\(key)' must be a key=value pair") }
            try setText(key, value, &mount, source)
        }
    }

    private func setText(_ key: String, _ value: String, _ mount: inout RunMount, _ source: Source) throws(DockerfileError) {
        switch key {
        case "target", "dst", "destination": mount.target = value
        case "source", "src": mount.source = value
        case "from": mount.from = value
        case "id": mount.id = value
        case "sharing":
            guard ["shared", "private", "locked"].contains(value) else {
                throw source.error("unsupported sharing value \"\(value)\"")
            }
            mount.sharing = value
        case "mode": mount.mode = try Self.number(key, value, radix: 8, source)
        case "uid": mount.userID = try Self.number(key, value, radix: 10, source)
        case "gid": mount.groupID = try Self.number(key, value, radix: 10, source)
        case "env": mount.environmentName = value
        case "size":
            guard let bytes = ByteSize.parseBinary(value) else { throw source.error("invalid value for size: \(value)") }
            mount.sizeBytes = bytes
        default:
            let known = [
                "type", "source", "target", "from", "id", "readonly", "readwrite", "sharing", "mode", "uid", "gid", "size",
                "required", "env",
            ]
            throw source.error("unexpected key '\(key)' in '\(key)=\(value)'\(Suggestion.text(key, among: known))")
        }
    }

    private func check(_ mount: RunMount, _ source: Source) throws(DockerfileError) {
        switch mount.kind {
        case .bind, .cache, .tmpfs:
            guard mount.target?.isEmpty == false else {
                throw source.error("invalid mount type \"\(mount.kind.rawValue)\", target is required")
            }
        case .secret:
            guard mount.target != nil || mount.id != nil else {
                throw source.error("invalid mount type \"secret\", id or target is required")
            }
        case .ssh: break
        }
        if mount.kind == .tmpfs, mount.from != nil || mount.source != nil {
            throw source.error("invalid mount type \"tmpfs\", from and source are not allowed")
        }
    }

    private static func boolean(_ key: String, _ value: String?, _ source: Source) throws(DockerfileError) -> Bool {
        switch value?.lowercased() {
        case nil, "true", "1": return true
        case "false", "0": return false
        default: throw source.error("invalid value for \(key): \(value ?? "")")
        }
    }

    private static func number(_ key: String, _ value: String, radix: Int, _ source: Source) throws(DockerfileError) -> UInt32 {
        guard let number = UInt32(value, radix: radix) else { throw source.error("invalid value for \(key): \(value)") }
        return number
    }
}
