/// The functions of templates: Go's own, and those that docker adds.
enum TemplateFunctions {
    struct Failure: Error, Equatable {
        var message: String
    }

    static let names: Set<String> = [
        "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "slice", "print", "println", "printf",
        "json", "join", "split", "lower", "upper", "title", "pad", "truncate",
    ]

    /// In a header, what would change a field's form leaves the header alone; nil for functions that run as ever.
    /// Source: docker CLI, HeaderFunctions.
    static func header(_ name: String, _ arguments: [Value]) -> Value? {
        switch name {
        case "json", "title", "lower", "upper", "truncate", "join", "split": arguments.first
        default: nil
        }
    }

    static func call(_ name: String, _ arguments: [Value]) throws(Failure) -> Value {
        switch name {
        case "and", "or":
            guard let last = arguments.last else { throw wrongCount(name, "at least 1", arguments) }
            return last
        case "not": return .bool(try !only(name, arguments).isTrue)
        case "eq", "ne", "lt", "le", "gt", "ge": return .bool(try compare(name, arguments))
        case "len": return .integer(Int64(try length(only(name, arguments))))
        case "index": return try index(arguments)
        case "slice": return try slice(arguments)
        case "print": return .string(TemplatePrinting.print(arguments))
        case "println": return .string(arguments.map(\.printed).joined(separator: " ") + "\n")
        case "printf":
            guard let format = arguments.first?.string else { throw Failure(message: "wrong type for format") }
            return .string(TemplatePrinting.format(format, Array(arguments.dropFirst())))
        default: return try callDockers(name, arguments)
        }
    }

    private static func callDockers(_ name: String, _ arguments: [Value]) throws(Failure) -> Value {
        switch name {
        case "json": return .string(try only(name, arguments).json)
        case "join":
            guard arguments.count == 2, let separator = arguments[1].string else { throw wrongCount(name, "2", arguments) }
            guard case .array(let values) = arguments[0] else {
                if arguments[0] == .null || arguments[0] == .missing { return .string("") }
                throw Failure(message: "expected []string; found \(arguments[0].printed)")
            }
            return .string(values.map(\.printed).joined(separator: separator))
        case "split":
            let (text, separator) = try two(name, arguments)
            return .array(split(text, separator).map { .string($0) })
        case "lower": return .string(try text(name, arguments).lowercased())
        case "upper": return .string(try text(name, arguments).uppercased())
        case "title": return .string(title(try text(name, arguments)))
        case "pad":
            guard arguments.count == 3, let before = arguments[1].integer, let after = arguments[2].integer else {
                throw wrongCount(name, "3", arguments)
            }
            let text = arguments[0].printed
            if text.isEmpty { return .string(text) }
            return .string(spaces(before) + text + spaces(after))
        default:
            guard arguments.count == 2, let width = arguments[1].integer else { throw wrongCount(name, "2", arguments) }
            return .string(String(arguments[0].printed.prefix(Int(clamping: max(0, width)))))
        }
    }

    private static func spaces(_ count: Int64) -> String { String(repeating: " ", count: Int(clamping: max(0, min(count, 4096)))) }

    private static func title(_ text: String) -> String {
        var result = ""
        var atStart = true
        for character in text {
            result += atStart ? character.uppercased() : String(character)
            atStart = !(character.isLetter || character.isNumber || character == "_" || character == "'")
        }
        return result
    }

    private static func split(_ text: String, _ separator: String) -> [String] {
        if separator.isEmpty { return text.map(String.init) }
        var parts: [String] = [""]
        var rest = text[...]
        while let first = rest.first {
            if rest.hasPrefix(separator) {
                parts.append("")
                rest = rest.dropFirst(separator.count)
            } else {
                parts[parts.count - 1].append(first)
                rest = rest.dropFirst()
            }
        }
        return parts
    }

    // MARK: Arguments

    private static func wrongCount(_ name: String, _ wanted: String, _ arguments: [Value]) -> Failure {
        Failure(message: "wrong number of args for \(name): want \(wanted) got \(arguments.count)")
    }

    private static func only(_ name: String, _ arguments: [Value]) throws(Failure) -> Value {
        guard arguments.count == 1 else { throw wrongCount(name, "1", arguments) }
        return arguments[0]
    }

    private static func text(_ name: String, _ arguments: [Value]) throws(Failure) -> String {
        guard let text = try only(name, arguments).string else { throw Failure(message: "wrong type for value; expected string") }
        return text
    }

    private static func two(_ name: String, _ arguments: [Value]) throws(Failure) -> (String, String) {
        guard arguments.count == 2 else { throw wrongCount(name, "2", arguments) }
        guard let first = arguments[0].string, let second = arguments[1].string else {
            throw Failure(message: "wrong type for value; expected string")
        }
        return (first, second)
    }

    // MARK: Go's own

    private static func length(_ value: Value) throws(Failure) -> Int {
        switch value {
        case .string(let text): return text.utf8.count
        case .array(let values): return values.count
        case .object(let members): return members.keys.count
        case .null: return 0
        case .missing, .bool, .integer, .number, .record: throw Failure(message: "len of type \(value.printed)")
        }
    }

    private static func index(_ arguments: [Value]) throws(Failure) -> Value {
        guard var value = arguments.first else { throw wrongCount("index", "at least 1", arguments) }
        for key in arguments.dropFirst() {
            switch value {
            case .array(let values):
                guard let position = key.integer else {
                    throw Failure(message: "cannot index slice/array with type \(typeName(key))")
                }
                guard values.indices.contains(Int(clamping: position)) else {
                    throw Failure(message: "index out of range: \(position)")
                }
                value = values[Int(position)]
            case .object(let members):
                guard let name = key.string else { throw Failure(message: "value has type \(typeName(key)); should be string") }
                // A map of texts answers an unknown key with an empty text.
                value = members[name] ?? (members.values.values.allSatisfy { $0.string != nil } ? .string("") : .missing)
            case .null: value = .string("")
            case .string(let text):
                let bytes = Array(text.utf8)
                guard let position = key.integer, bytes.indices.contains(Int(clamping: position)) else {
                    throw Failure(message: "index out of range: \(key.printed)")
                }
                value = .integer(Int64(bytes[Int(position)]))
            case .missing: throw Failure(message: "index of untyped nil")
            case .bool, .integer, .number, .record: throw Failure(message: "can't index item of type \(typeName(value))")
            }
        }
        return value
    }

    private static func slice(_ arguments: [Value]) throws(Failure) -> Value {
        guard let value = arguments.first, (1...3).contains(arguments.count) else { throw wrongCount("slice", "1 to 3", arguments) }
        let total = try length(value)
        let from = arguments.count > 1 ? Int(clamping: arguments[1].integer ?? -1) : 0
        let to = arguments.count > 2 ? Int(clamping: arguments[2].integer ?? -1) : total
        guard from >= 0, to >= from, to <= total else { throw Failure(message: "index out of range: \(to)") }
        if case .array(let values) = value { return .array(Array(values[from..<to])) }
        guard let text = value.string else { throw Failure(message: "can't slice item of type \(typeName(value))") }
        return .string(String(decoding: Array(text.utf8)[from..<to], as: UTF8.self))
    }

    static func typeName(_ value: Value) -> String {
        switch value {
        case .missing, .null: "nil"
        case .bool: "bool"
        case .integer: "int"
        case .number: "float64"
        case .string: "string"
        case .array: "[]interface {}"
        case .object: "map[string]interface {}"
        case .record(let record): record.typeName
        }
    }

    private static func compare(_ name: String, _ arguments: [Value]) throws(Failure) -> Bool {
        guard arguments.count >= 2 else { throw Failure(message: "missing argument for comparison") }
        if name == "eq" {
            for other in arguments.dropFirst() where try equal(arguments[0], other) { return true }
            return false
        }
        guard arguments.count == 2 else { throw wrongCount(name, "2", arguments) }
        let (left, right) = (arguments[0], arguments[1])
        switch name {
        case "ne": return try !equal(left, right)
        case "lt": return try less(left, right)
        case "le": return try !less(right, left)
        case "gt": return try less(right, left)
        default: return try !less(left, right)
        }
    }

    private static func equal(_ left: Value, _ right: Value) throws(Failure) -> Bool {
        if let (a, b) = numbers(left, right) { return a == b }
        switch (left, right) {
        case (.string, .string), (.bool, .bool): return left == right
        case (.null, _), (_, .null), (.missing, _), (_, .missing):
            return !left.isTrue && !right.isTrue && typeName(left) == typeName(right)
        case (.array, _), (.object, _), (_, .array), (_, .object):
            throw Failure(message: "non-comparable type \(typeName(left)): \(left.printed)")
        default: throw Failure(message: "incompatible types for comparison")
        }
    }

    private static func less(_ left: Value, _ right: Value) throws(Failure) -> Bool {
        if let (a, b) = numbers(left, right) { return a < b }
        if let a = left.string, let b = right.string { return Array(a.utf8).lexicographicallyPrecedes(Array(b.utf8)) }
        throw Failure(message: "incompatible types for comparison")
    }

    private static func numbers(_ left: Value, _ right: Value) -> (Double, Double)? {
        func number(_ value: Value) -> Double? {
            switch value {
            case .integer(let value): Double(value)
            case .number(let text): Double(text)
            default: nil
            }
        }
        guard let a = number(left), let b = number(right) else { return nil }
        return (a, b)
    }
}
