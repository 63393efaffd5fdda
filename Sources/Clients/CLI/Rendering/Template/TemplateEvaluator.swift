/// Walks a template's tree. Source: Go, text/template, exec.
struct TemplateEvaluator {
    private(set) var output = ""
    private let isHeader: Bool
    private var dot: Value
    private var variables: [(name: String, value: Value)]

    private enum Flow { case onward, leave, proceed }

    init(root: Value, isHeader: Bool) {
        dot = root
        variables = [("$", root)]
        self.isHeader = isHeader
    }

    mutating func run(_ nodes: [TemplateNode]) throws(TemplateError) { _ = try walk(nodes) }

    private mutating func walk(_ nodes: [TemplateNode]) throws(TemplateError) -> Flow {
        for node in nodes {
            let flow = try walk(node)
            if flow != .onward { return flow }
        }
        return .onward
    }

    private mutating func walk(_ node: TemplateNode) throws(TemplateError) -> Flow {
        switch node {
        case .text(let text): output += text
        case .action(let pipeline):
            let value = try evaluate(pipeline)
            assign(pipeline, [value])
            if pipeline.variables.isEmpty { output += value == .null ? "<no value>" : value.printed }
        case .branch(let pipeline, let then, let otherwise):
            return try scoped { (self) throws(TemplateError) in
                let value = try self.evaluate(pipeline)
                self.assign(pipeline, [value])
                return try self.walk(value.isTrue ? then : otherwise)
            }
        case .with(let pipeline, let then, let otherwise):
            return try scoped { (self) throws(TemplateError) in
                let value = try self.evaluate(pipeline)
                self.assign(pipeline, [value])
                if value.isTrue { self.dot = value }
                return try self.walk(value.isTrue ? then : otherwise)
            }
        case .range(let pipeline, let body, let otherwise): try range(pipeline, body, otherwise)
        case .leave: return .leave
        case .proceed: return .proceed
        }
        return .onward
    }

    private mutating func scoped(_ body: (inout TemplateEvaluator) throws(TemplateError) -> Flow) throws(TemplateError) -> Flow {
        let outerDot = dot
        let outerCount = variables.count
        let flow = try body(&self)
        dot = outerDot
        variables.removeSubrange(outerCount...)
        return flow
    }

    private mutating func range(
        _ pipeline: TemplateNode.Pipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode]
    ) throws(TemplateError) {
        let value = try evaluate(pipeline)
        let items: [(key: Value, value: Value)]
        switch value {
        case .array(let values): items = values.enumerated().map { (.integer(Int64($0.offset)), $0.element) }
        // Go visits the keys of a map in order.
        case .object(let members): items = members.keys.sorted().map { (.string($0), members[$0] ?? .null) }
        case .integer(let count): items = (0..<max(0, count)).map { (.integer($0), .integer($0)) }
        case .null, .missing: items = []
        case .bool, .number, .string, .record:
            throw .executing(pipeline.place, "range can't iterate over \(value.printed)")
        }
        if items.isEmpty {
            _ = try scoped { (self) throws(TemplateError) in try self.walk(otherwise) }
            return
        }
        for item in items {
            let flow = try scoped { (self) throws(TemplateError) in
                self.assign(pipeline, pipeline.variables.count == 2 ? [item.key, item.value] : [item.value])
                self.dot = item.value
                return try self.walk(body)
            }
            if flow == .leave { return }
        }
    }

    private mutating func assign(_ pipeline: TemplateNode.Pipeline, _ values: [Value]) {
        for (variable, value) in zip(pipeline.variables, values) {
            if variable.declares {
                variables.append((variable.name, value))
            } else if let index = variables.lastIndex(where: { $0.name == variable.name }) {
                variables[index].value = value
            }
        }
    }

    private func evaluate(_ pipeline: TemplateNode.Pipeline) throws(TemplateError) -> Value {
        var last: Value?
        for command in pipeline.commands { last = try evaluate(command, final: last, pipeline.place) }
        return last ?? .missing
    }

    private func evaluate(
        _ command: [TemplateNode.Operand], final: Value?, _ place: TemplateNode.Place
    ) throws(TemplateError) -> Value {
        guard let first = command.first else { return .missing }
        if case .function(let name, let place) = first { return try call(name, command.dropFirst(), final: final, place) }
        var arguments: [Value] = []
        for operand in command.dropFirst() { arguments.append(try evaluate(operand)) }
        if let final { arguments.append(final) }
        if case .field(let path, let place) = first { return try look(path, in: dot, arguments, place) }
        guard arguments.isEmpty else { throw .executing(place, "can't give argument to non-function \(place.text)") }
        return try evaluate(first)
    }

    private func call(
        _ name: String, _ operands: ArraySlice<TemplateNode.Operand>, final: Value?, _ place: TemplateNode.Place
    ) throws(TemplateError) -> Value {
        var arguments: [Value] = []
        for operand in operands {
            let value = try evaluate(operand)
            // `and` and `or` do not look at what no longer matters.
            if name == "and" && !value.isTrue || name == "or" && value.isTrue { return value }
            arguments.append(value)
        }
        if let final { arguments.append(final) }
        if isHeader, let header = TemplateFunctions.header(name, arguments) { return header }
        do { return try TemplateFunctions.call(name, arguments) } catch {
            throw .executing(place, "error calling \(name): \(error.message)")
        }
    }

    private func evaluate(_ operand: TemplateNode.Operand) throws(TemplateError) -> Value {
        switch operand {
        case .dot: return dot
        case .literal(let value, _): return value
        case .field(let path, let place): return try look(path, in: dot, [], place)
        case .variable(let name, let path, let place):
            let value = variables.last { $0.name == name }?.value ?? .missing
            return try look(path, in: value, [], place)
        case .function(let name, let place): return try call(name, [], final: nil, place)
        case .parenthesis(let pipeline, let path, let place): return try look(path, in: evaluate(pipeline), [], place)
        }
    }

    private func look(
        _ path: [String], in value: Value, _ arguments: [Value], _ place: TemplateNode.Place
    ) throws(TemplateError) -> Value {
        var value = value
        for (index, name) in path.enumerated() {
            let isLast = index == path.count - 1
            value = try field(name, of: value, isLast ? arguments : [], place)
        }
        return value
    }

    private func field(
        _ name: String, of value: Value, _ arguments: [Value], _ place: TemplateNode.Place
    ) throws(TemplateError) -> Value {
        switch value {
        case .record(let record):
            if name == "Label", let labels = record.labels {
                guard let key = arguments.first?.string, arguments.count == 1 else {
                    throw .executing(place, "wrong number of args for Label: want 1 got \(arguments.count)")
                }
                return .string(isHeader ? Self.labelHeader(key) : labels[key] ?? "")
            }
            if let field = record.fields[name] {
                guard arguments.isEmpty else {
                    throw .executing(place, "wrong number of args for \(name): want 0 got \(arguments.count)")
                }
                return field
            }
            throw .executing(place, "can't evaluate field \(name) in type \(record.typeName)")
        case .object(let members):
            guard let member = members[name] else { throw .executing(place, "map has no entry for key \"\(name)\"") }
            guard arguments.isEmpty else { throw .executing(place, "\(name) is not a method but has arguments") }
            return member
        case .null, .missing: throw .executing(place, "nil data; no entry for key \"\(name)\"")
        case .bool: throw .executing(place, "can't evaluate field \(name) in type bool")
        case .integer, .number: throw .executing(place, "can't evaluate field \(name) in type float64")
        case .string: throw .executing(place, "can't evaluate field \(name) in type string")
        case .array: throw .executing(place, "can't evaluate field \(name) in type []interface {}")
        }
    }

    /// `com.example.my-key` is headed `my key`.
    private static func labelHeader(_ key: String) -> String {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        return String(last.map { $0 == "-" || $0 == "_" ? " " : $0 })
    }
}
