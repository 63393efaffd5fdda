import Essentials

/// The flags that stand before the command. Source: docker CLI, global options.
struct GlobalOptions: Sendable, Equatable {
    var configDirectory: String?
    var context: String?
    var debug = false
    var hosts: [String] = []
    var logLevel = "info"
    var tls = false
    var tlsVerify: Bool?
    var authorityFile: String?
    var certificateFile: String?
    var keyFile: String?
    /// Start a daemon when none listens at the default address.
    var autostart = true
    var showsVersion = false
    var showsHelp = false

    init() {}

    private static let shorts: [Character: String] = [
        "c": "context", "D": "debug", "H": "host", "l": "log-level", "v": "version", "h": "help",
    ]
    private static let switches: Set<String> = ["debug", "tls", "tlsverify", "version", "help", "no-autostart"]
    private static let valued: Set<String> = ["config", "context", "host", "log-level", "tlscacert", "tlscert", "tlskey"]

    /// Takes the global flags from the front of `arguments`.
    /// - Returns: what is left, beginning with the command's name.
    mutating func take(from arguments: [String]) throws -> [String] {
        var rest = arguments[...]
        while let word = rest.first, word.hasPrefix("-"), word != "-", word != "--" {
            rest.removeFirst()
            if word.hasPrefix("--") {
                try takeLong(word.dropFirst(2), &rest)
            } else {
                try takeShort(word, &rest)
            }
        }
        return Array(rest)
    }

    private mutating func takeLong(_ word: Substring, _ rest: inout ArraySlice<String>) throws {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let value = parts.count > 1 ? String(parts[1]) : nil
        if Self.switches.contains(name) {
            guard let on = Bool(goText: value ?? "true") else {
                throw UsageError.invalid(
                    value ?? "", flag: "--\(name)", "strconv.ParseBool: parsing \"\(value ?? "")\": invalid syntax")
            }
            set(name, on)
        } else if Self.valued.contains(name) {
            guard let value = value ?? rest.popFirst() else { throw UsageError("flag needs an argument: --\(name)") }
            set(name, value)
        } else {
            throw UsageError("unknown flag: --\(name)")
        }
    }

    private mutating func takeShort(_ word: String, _ rest: inout ArraySlice<String>) throws {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let name = Self.shorts[letter] else { throw UsageError("unknown shorthand flag: '\(letter)' in \(word)") }
            if Self.switches.contains(name) {
                set(name, true)
                continue
            }
            if letters.first == "=" { letters.removeFirst() }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                throw UsageError("flag needs an argument: '\(letter)' in \(word)")
            }
            set(name, value)
            return
        }
    }

    private mutating func set(_ name: String, _ on: Bool) {
        switch name {
        case "debug": debug = on
        case "tls": tls = on
        case "tlsverify": tlsVerify = on
        case "version": showsVersion = on
        case "no-autostart": autostart = !on
        default: showsHelp = on
        }
    }

    private mutating func set(_ name: String, _ value: String) {
        switch name {
        case "config": configDirectory = value
        case "context": context = value
        case "host": hosts.append(value)
        case "log-level": logLevel = value
        case "tlscacert": authorityFile = value
        case "tlscert": certificateFile = value
        default: keyFile = value
        }
    }
}
