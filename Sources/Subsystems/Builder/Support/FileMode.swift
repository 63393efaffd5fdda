internal import Essentials

/// `--chmod`: octal (`755`) or symbolic (`u=rwX,go=rX`). Source: POSIX chmod, extended description.
enum FileMode: Equatable {
    struct Clause: Equatable {
        /// Bits of user, group and others concerned: 0o700, 0o070, 0o007 together.
        var who: UInt32
        var operation: Character
        var letters: String
    }

    case octal(UInt32)
    case symbolic([Clause])

    init(_ text: String) throws(GantryError) {
        if !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
            guard let bits = UInt32(text, radix: 8), bits <= 0o7777 else {
                throw .invalid("invalid chmod parameter: '\(text)'. it should be octal string and between 0 and 07777")
            }
            self = .octal(bits)
            return
        }
        var clauses: [Clause] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let parsed = Self.clauses(part) else {
                throw .invalid("invalid chmod parameter: '\(text)'. it should be octal or symbolic, as in `u=rwX,go=rX`")
            }
            clauses += parsed
        }
        self = .symbolic(clauses)
    }

    private static func clauses(_ text: Substring) -> [Clause]? {
        let people = text.prefix { "ugoa".contains($0) }
        var who: UInt32 = 0
        for letter in people { who |= ["u": 0o700, "g": 0o070, "o": 0o007, "a": 0o777][letter] ?? 0 }
        if people.isEmpty { who = 0o777 }
        var rest = text.dropFirst(people.count)
        var result: [Clause] = []
        while let operation = rest.first {
            guard "+-=".contains(operation) else { return nil }
            let letters = rest.dropFirst().prefix { "rwxXstugo".contains($0) }
            result.append(Clause(who: who, operation: operation, letters: String(letters)))
            rest = rest.dropFirst(1 + letters.count)
        }
        return result.isEmpty ? nil : result
    }

    /// The permissions that a file with `permissions` gets.
    func apply(to permissions: UInt32, isDirectory: Bool) -> UInt32 {
        switch self {
        case .octal(let bits): return bits
        case .symbolic(let clauses): return clauses.reduce(permissions) { Self.apply($1, to: $0, isDirectory) }
        }
    }

    private static func apply(_ clause: Clause, to old: UInt32, _ isDirectory: Bool) -> UInt32 {
        var bits: UInt32 = 0
        for letter in clause.letters {
            switch letter {
            case "r": bits |= 0o444 & clause.who
            case "w": bits |= 0o222 & clause.who
            case "x": bits |= 0o111 & clause.who
            case "X": if isDirectory || old & 0o111 != 0 { bits |= 0o111 & clause.who }
            case "s": bits |= (clause.who & 0o700 != 0 ? 0o4000 : 0) | (clause.who & 0o070 != 0 ? 0o2000 : 0)
            case "t": bits |= 0o1000
            case "u": bits |= spread(old >> 6 & 7) & clause.who
            case "g": bits |= spread(old >> 3 & 7) & clause.who
            default: bits |= spread(old & 7) & clause.who
            }
        }
        switch clause.operation {
        case "+": return old | bits
        case "-": return old & ~bits
        default: return old & ~clause.who | bits
        }
    }

    private static func spread(_ bits: UInt32) -> UInt32 { bits << 6 | bits << 3 | bits }
}
