import Essentials

/// Brings Docker's way of writing flags into the form that ArgumentParser reads, and says in Docker's words what is wrong.
///
/// Docker's commands take `--all=true`, `-p8080:80`, `-itd`, `-e=A=B` and values that begin with a dash. Each becomes
/// `--name=value` or `--name`; `--name=false` becomes the inversion `--no-name` where there is one and nothing otherwise.
struct FlagNormalizer {
    struct Flag: Equatable {
        /// The long name without dashes.
        var name: String
        var takesValue: Bool
        /// There is a `--no-name`.
        var hasInversion = false
    }

    private var longs: [String: Flag] = [:]
    private var shorts: [Character: Flag] = [:]
    /// Flags end at the first operand.
    var stopsAtOperand: Bool

    init(flags: [FlagTable.Entry], stopsAtOperand: Bool) {
        self.stopsAtOperand = stopsAtOperand
        let all = Set(flags.flatMap(\.names))
        for entry in flags {
            guard let long = entry.names.first(where: { $0.count > 1 }) else { continue }
            let flag = Flag(name: long, takesValue: entry.takesValue, hasInversion: all.contains("no-\(long)"))
            for name in entry.names {
                if name.count > 1 {
                    var named = flag
                    named.name = name
                    named.hasInversion = all.contains("no-\(name)")
                    longs[name] = named
                } else if let letter = name.first {
                    shorts[letter] = flag
                }
            }
        }
    }

    init(_ type: any EngineCommand.Type) throws {
        self.init(flags: try FlagTable.flags(of: type), stopsAtOperand: type.stopsAtOperand)
    }

    /// Flags in ArgumentParser's form, and the operands.
    func normalize(_ words: [String]) throws -> (flags: [String], operands: [String]) {
        var rest = words[...]
        var flags: [String] = []
        var operands: [String] = []
        while let word = rest.popFirst() {
            if word == "--" {
                return (flags, operands + rest)
            } else if word.hasPrefix("--") {
                try long(word, &rest, &flags)
            } else if word.hasPrefix("-") && word != "-" {
                try short(word, &rest, &flags)
            } else {
                operands.append(word)
                if stopsAtOperand { return (flags, operands + rest) }
            }
        }
        return (flags, operands)
    }

    private func long(_ word: String, _ rest: inout ArraySlice<String>, _ flags: inout [String]) throws {
        let (name, value) = FlagValue.split(String(word.dropFirst(2)))
        guard let flag = longs[name] else { throw UsageError("unknown flag: --\(name)") }
        if flag.takesValue {
            guard let value = value ?? rest.popFirst() else { throw UsageError("flag needs an argument: --\(name)") }
            flags += Self.words(name, value)
        } else {
            try setSwitch(flag, value, &flags)
        }
    }

    private func short(_ word: String, _ rest: inout ArraySlice<String>, _ flags: inout [String]) throws {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let flag = shorts[letter] else { throw UsageError("unknown shorthand flag: '\(letter)' in \(word)") }
            if flag.takesValue {
                let isAttached = !letters.isEmpty
                if letters.first == "=" { letters.removeFirst() }
                guard let value = isAttached ? String(letters) : rest.popFirst() else {
                    throw UsageError("flag needs an argument: '\(letter)' in \(word)")
                }
                flags += Self.words(flag.name, value)
                return
            }
            if letters.first == "=" {
                return try setSwitch(flag, String(letters.dropFirst()), &flags)
            }
            flags.append("--\(flag.name)")
        }
    }

    /// ArgumentParser takes an empty value only as a word of its own, and one that begins with a dash only behind `=`.
    private static func words(_ name: String, _ value: String) -> [String] {
        value.isEmpty ? ["--\(name)", ""] : ["--\(name)=\(value)"]
    }

    private func setSwitch(_ flag: Flag, _ value: String?, _ flags: inout [String]) throws {
        guard let value else { return flags.append("--\(flag.name)") }
        // A switch that also takes one of a few words: `--explain=json` is the switch `--explain-json`.
        if longs["\(flag.name)-\(value)"]?.takesValue == false { return flags.append("--\(flag.name)-\(value)") }
        guard let on = FlagValue.bool(value) else {
            throw UsageError.invalid(value, flag: "--\(flag.name)", "strconv.ParseBool: parsing \"\(value)\": invalid syntax")
        }
        if on {
            flags.append("--\(flag.name)")
        } else if flag.hasInversion {
            flags.append("--no-\(flag.name)")
        } else {
            // The last one counts: `--all --all=false` is off.
            flags.removeAll { $0 == "--\(flag.name)" }
        }
    }
}
