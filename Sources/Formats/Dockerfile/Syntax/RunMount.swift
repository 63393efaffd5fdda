internal import Essentials

/// `RUN --mount=…`.
package struct RunMount: Sendable, Hashable {
    package enum Kind: String, Sendable { case bind, cache, tmpfs, secret, ssh }

    /// The options as written, without quotes: `type=cache,target=/c,uid=$UID`.
    package var text: String
    package var kind = Kind.bind
    package var target: String?
    package var source: String?
    package var from: String?
    package var id: String?
    /// Nil when not given: bind mounts are read-only, cache mounts writable.
    package var isReadOnly: Bool?
    package var sharing: String?
    package var mode: UInt32?
    package var userID: UInt32?
    package var groupID: UInt32?
    /// Bytes, of a tmpfs.
    package var sizeBytes: Int64?
    package var isRequired = false
    /// Variable that gets a secret's value.
    package var environmentName: String?

    /// What is wrong with the options.
    package struct ParseError: Error, Sendable, Equatable {
        package var message: String
        /// See ``DockerfileError/showsLine``.
        package var showsLine: Bool

        package init(message: String, showsLine: Bool = true) {
            self.message = message
            self.showsLine = showsLine
        }
    }

    /// Reads the options, separated by commas; a value with a comma stands in double quotes.
    /// - Parameter expand: gives a value with its variables replaced. Nil when they have no values yet: what holds one is left
    ///   as written where it is text, and not read where it is not.
    package init(
        _ text: String, expand: ((String) throws(VariableExpander.Failure) -> String)? = nil
    ) throws(ParseError) {
        self.text = text
        var isOpen = false
        for (key, written) in Self.fields(text) {
            var value = written
            if let written, written.contains("$") {
                guard key != "from" else {
                    throw ParseError(message: "'from' doesn't support variable expansion, define alias stage instead")
                }
                if let expand {
                    do throws(VariableExpander.Failure) { value = try expand(written) } catch {
                        throw ParseError(message: error.message)
                    }
                } else {
                    isOpen = true
                    setWritten(key, written)
                    continue
                }
            }
            try set(key, value)
        }
        if !isOpen { try check() }
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

    private mutating func set(_ key: String, _ value: String?) throws(ParseError) {
        switch key {
        case "readonly", "ro": isReadOnly = try Self.boolean(key, value)
        case "readwrite", "rw": isReadOnly = !(try Self.boolean(key, value))
        case "required": isRequired = try Self.boolean(key, value)
        default:
            guard let value else { throw ParseError(message: "invalid field '\(key)' must be a key=value pair") }
            try setText(key, value)
        }
    }

    /// What is kept of a value whose variables are not known.
    private mutating func setWritten(_ key: String, _ value: String) {
        switch key {
        case "target", "dst", "destination": target = value
        case "source", "src": source = value
        case "id": id = value
        default: break
        }
    }

    private mutating func setText(_ key: String, _ value: String) throws(ParseError) {
        switch key {
        case "type":
            guard let known = Kind(rawValue: value.lowercased()) else {
                throw ParseError(message: "unsupported mount type \"\(value)\"", showsLine: false)
            }
            kind = known
        case "target", "dst", "destination": target = value
        case "source", "src": source = value
        case "from": from = value
        case "id": id = value
        case "sharing":
            guard ["shared", "private", "locked"].contains(value) else {
                throw ParseError(message: "unsupported sharing value \"\(value)\"")
            }
            sharing = value
        case "mode": mode = try Self.number(key, value, radix: 8)
        case "uid": userID = try Self.number(key, value, radix: 10)
        case "gid": groupID = try Self.number(key, value, radix: 10)
        case "env": environmentName = value
        case "size":
            guard let bytes = ByteSize.parseBinary(value) else { throw ParseError(message: "invalid value for size: \(value)") }
            sizeBytes = bytes
        default:
            let known = [
                "type", "source", "target", "from", "id", "readonly", "readwrite", "sharing", "mode", "uid", "gid", "size",
                "required", "env",
            ]
            throw ParseError(message: "unexpected key '\(key)' in '\(key)=\(value)'\(Suggestion.text(key, among: known))")
        }
    }

    private func check() throws(ParseError) {
        switch kind {
        case .bind, .cache, .tmpfs:
            guard target?.isEmpty == false else {
                throw ParseError(message: "invalid mount type \"\(kind.rawValue)\", target is required")
            }
        case .secret:
            guard target != nil || id != nil else {
                throw ParseError(message: "invalid mount type \"secret\", id or target is required")
            }
        case .ssh: break
        }
        if kind == .tmpfs, from != nil || source != nil {
            throw ParseError(message: "invalid mount type \"tmpfs\", from and source are not allowed")
        }
    }

    private static func boolean(_ key: String, _ value: String?) throws(ParseError) -> Bool {
        switch value?.lowercased() {
        case nil, "true", "1": return true
        case "false", "0": return false
        default: throw ParseError(message: "invalid value for \(key): \(value ?? "")")
        }
    }

    private static func number(_ key: String, _ value: String, radix: Int) throws(ParseError) -> UInt32 {
        guard let number = UInt32(value, radix: radix) else { throw ParseError(message: "invalid value for \(key): \(value)") }
        return number
    }
}
