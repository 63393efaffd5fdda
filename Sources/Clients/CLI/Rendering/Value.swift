/// A value that templates look into: JSON with its members in their order and its numbers as written, or a row of a list.
indirect enum Value: Sendable, Equatable {
    /// A map had no such key; prints as `<no value>`.
    case missing
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is no 64-bit integer, as written.
    case number(String)
    case string(String)
    case array([Value])
    case object(Members)
    case record(Record)

    /// Names and values in the order of the source.
    struct Members: Sendable, Equatable {
        var keys: [String]
        var values: [String: Value]

        init() {
            keys = []
            values = [:]
        }

        init(_ pairs: [(String, Value)]) {
            self.init()
            for (key, value) in pairs { self[key] = value }
        }

        subscript(key: String) -> Value? {
            get { values[key] }
            set {
                if values[key] == nil { keys.append(key) }
                values[key] = newValue
            }
        }
    }

    /// A row: fields by their placeholder's name.
    struct Record: Sendable, Equatable {
        /// What errors call it, `*formatter.ContainerContext`.
        var typeName: String
        var fields: [String: Value]
        /// For `.Label "key"`; nil when rows of this kind have no labels.
        var labels: [String: String]?
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A member of an object; nil for anything else and for unknown keys.
    subscript(_ key: String) -> Value? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var array: [Value]? {
        if case .array(let values) = self { values } else { nil }
    }

    var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// Neither false, zero, nor empty. Source: Go, text/template, actions.
    var isTrue: Bool {
        switch self {
        case .missing, .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let text): Double(text) != 0
        case .string(let text): !text.isEmpty
        case .array(let values): !values.isEmpty
        case .object(let members): !members.keys.isEmpty
        case .record: true
        }
    }

    /// As Go's `fmt` prints it with `%v`.
    var printed: String {
        switch self {
        case .missing: "<no value>"
        case .null: "<nil>"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let text): text
        case .string(let text): text
        case .array(let values): "[" + values.map(\.printed).joined(separator: " ") + "]"
        case .object(let members): Self.printMap(members.values)
        case .record(let record): Self.printMap(record.fields)
        }
    }

    private static func printMap(_ values: [String: Value]) -> String {
        "map[" + values.keys.sorted().map { "\($0):\(values[$0]?.printed ?? "")" }.joined(separator: " ") + "]"
    }
}
