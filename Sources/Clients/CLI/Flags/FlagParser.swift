import Essentials

/// Reads words as Docker's commands do, sets the flags' values, and says in Docker's words what is wrong.
///
/// `--all`, `--all=true`, `-p8080:80`, `-itd`, `-e=A=B`, and values that begin with a dash. Source: docker CLI (pflag).
struct FlagParser {
    private var longs: [String: DeclaredFlag] = [:]
    private var shorts: [Character: DeclaredFlag] = [:]
    /// Of inverse names: those of the flags that they turn off.
    private var inverses: [String: String] = [:]
    /// Flags end at the first operand.
    private let stopsAtOperand: Bool

    init(_ flags: [DeclaredFlag], stopsAtOperand: Bool) {
        self.stopsAtOperand = stopsAtOperand
        for flag in flags {
            for name in flag.names {
                if name.utf8.count > 1 { longs[name] = flag } else if let letter = name.first { shorts[letter] = flag }
            }
            if let inverse = flag.inverse, let name = flag.names.first(where: { $0.utf8.count > 1 }) { inverses[inverse] = name }
        }
    }

    /// - Returns: what is no flag.
    /// - Throws: ``UsageError``; flags before the wrong one are set.
    func parse(_ words: [String]) throws -> [String] {
        var rest = words[...]
        var operands: [String] = []
        while let word = rest.popFirst() {
            if word == "--" {
                return operands + rest
            } else if word.hasPrefix("--") {
                try long(word, &rest)
            } else if word.hasPrefix("-") && word != "-" {
                try short(word, &rest)
            } else {
                operands.append(word)
                if stopsAtOperand { return operands + rest }
            }
        }
        return operands
    }

    private func long(_ word: String, _ rest: inout ArraySlice<String>) throws {
        let (name, value) = FlagValue.split(String(word.dropFirst(2)))
        if let opposite = inverses[name], let flag = longs[opposite] { return try setSwitch(flag, name, value, inverted: true) }
        guard let flag = longs[name] else { throw UsageError("unknown flag: --\(name)") }
        guard case .option(let set) = flag.kind else { return try setSwitch(flag, name, value) }
        guard let value = value ?? rest.popFirst() else { throw UsageError("flag needs an argument: --\(name)") }
        set(value)
    }

    private func short(_ word: String, _ rest: inout ArraySlice<String>) throws {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let flag = shorts[letter] else { throw UsageError("unknown shorthand flag: '\(letter)' in \(word)") }
            guard case .option(let set) = flag.kind else {
                let name = flag.names.first { $0.utf8.count > 1 } ?? String(letter)
                guard letters.first == "=" else {
                    try setSwitch(flag, name, nil)
                    continue
                }
                return try setSwitch(flag, name, String(letters.dropFirst()))
            }
            let isAttached = !letters.isEmpty
            if letters.first == "=" { letters.removeFirst() }
            guard let value = isAttached ? String(letters) : rest.popFirst() else {
                throw UsageError("flag needs an argument: '\(letter)' in \(word)")
            }
            return set(value)
        }
    }

    private func setSwitch(_ flag: DeclaredFlag, _ name: String, _ value: String?, inverted: Bool = false) throws {
        guard case .toggle(let set) = flag.kind else { return }
        guard let value else { return set(!inverted) }
        // A switch that also takes one of a few words: `--explain=json` is the switch `--explain-json`.
        if let other = longs["\(name)-\(value)"], case .toggle(let set) = other.kind { return set(true) }
        guard let on = Bool(goText: value) else {
            throw UsageError.invalid(value, flag: "--\(name)", "strconv.ParseBool: parsing \"\(value)\": invalid syntax")
        }
        set(on != inverted)
    }
}
