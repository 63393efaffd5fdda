/// Builds the tree of a template. Source: Go, text/template, "Actions", "Arguments", "Pipelines", "Variables".
struct TemplateParser {
    private var pieces: ArraySlice<TemplatePiece>
    private let lexer: TemplateLexer
    private var rangeDepth = 0
    /// Variables in sight, for the error about unknown ones.
    private var variables = ["$"]

    init(_ text: String) throws(TemplateError) {
        var lexer = TemplateLexer(text)
        pieces = try lexer.pieces()[...]
        self.lexer = lexer
    }

    mutating func parse() throws(TemplateError) -> [TemplateNode] {
        let (nodes, end) = try list()
        if let end { throw .parsing(line: lexer.line(end.offset), "unexpected {{\(end.word)}}") }
        return nodes
    }

    private struct End {
        var word: String
        var rest: ArraySlice<TemplateToken>
        var offset: Int
    }

    /// Nodes up to `end` or `else`, or the end of the text.
    private mutating func list() throws(TemplateError) -> ([TemplateNode], End?) {
        var nodes: [TemplateNode] = []
        while let piece = pieces.popFirst() {
            guard case .action(let tokens, let offset) = piece else {
                if case .text(let text) = piece { nodes.append(.text(text)) }
                continue
            }
            var rest = tokens[...]
            while rest.first?.kind == .space { rest.removeFirst() }
            guard case .identifier(let word)? = rest.first?.kind else {
                nodes.append(.action(try pipeline(&rest, offset: offset, context: "command")))
                continue
            }
            let after = rest.dropFirst()
            switch word {
            case "end", "else": return (nodes, End(word: word, rest: after, offset: offset))
            case "if", "with", "range": nodes.append(try control(word, after, offset: offset))
            case "break", "continue":
                guard rangeDepth > 0 else { throw .parsing(line: lexer.line(offset), "{{\(word)}} outside {{range}}") }
                nodes.append(word == "break" ? .leave : .proceed)
            case "define", "block", "template":
                throw .parsing(line: lexer.line(offset), "{{\(word)}} is not supported here")
            default: nodes.append(.action(try pipeline(&rest, offset: offset, context: "command")))
            }
        }
        return (nodes, nil)
    }

    private mutating func control(
        _ word: String, _ tokens: ArraySlice<TemplateToken>, offset: Int
    ) throws(TemplateError) -> TemplateNode {
        let outer = variables
        defer { variables = outer }
        var rest = tokens
        let condition = try pipeline(&rest, offset: offset, context: word)
        if word == "range" { rangeDepth += 1 }
        let (body, end) = try list()
        if word == "range" { rangeDepth -= 1 }
        guard let end else { throw .parsing(line: lexer.line(Int.max), "unexpected EOF") }
        var otherwise: [TemplateNode] = []
        if end.word == "else" {
            var words = end.rest
            while words.first?.kind == .space { words.removeFirst() }
            if case .identifier(let next)? = words.first?.kind, next == "if" || next == "with", next == word {
                otherwise = [try control(word, words.dropFirst(), offset: end.offset)]
            } else {
                let (nodes, last) = try list()
                guard let last else { throw .parsing(line: lexer.line(Int.max), "unexpected EOF") }
                guard last.word == "end" else { throw .parsing(line: lexer.line(last.offset), "expected end; found {{else}}") }
                otherwise = nodes
            }
        }
        switch word {
        case "if": return .branch(condition, then: body, otherwise: otherwise)
        case "with": return .with(condition, then: body, otherwise: otherwise)
        default: return .range(condition, body: body, otherwise: otherwise)
        }
    }

    private mutating func pipeline(
        _ rest: inout ArraySlice<TemplateToken>, offset: Int, context: String
    ) throws(TemplateError) -> TemplateNode.Pipeline {
        var result = TemplateNode.Pipeline(commands: [], place: place(offset..<offset))
        result.variables = try declaration(&rest, isRange: context == "range")
        let start = rest.first?.offset ?? offset
        var end = start
        var command: [TemplateNode.Operand] = []
        loop: while let token = rest.first {
            switch token.kind {
            case .close: break loop
            case .space: rest.removeFirst()
            case .pipe:
                rest.removeFirst()
                guard !command.isEmpty else { throw .parsing(line: lexer.line(offset), "missing value for \(context)") }
                result.commands.append(command)
                command = []
                guard rest.contains(where: { $0.kind != .space }) else {
                    throw .parsing(line: lexer.line(offset), "missing value for \(context)")
                }
            default:
                command.append(try operand(&rest))
                end = rest.first?.offset ?? end
            }
        }
        guard !command.isEmpty else { throw .parsing(line: lexer.line(offset), "missing value for \(context)") }
        result.commands.append(command)
        result.place = place(start..<max(start, end))
        // Names are in sight from here to the end of the block.
        variables += result.variables.filter(\.declares).map(\.name)
        return result
    }

    /// `$a :=`, `$a, $b :=` or `$a =` at the front.
    private mutating func declaration(
        _ rest: inout ArraySlice<TemplateToken>, isRange: Bool
    ) throws(TemplateError) -> [TemplateNode.Variable] {
        var words = rest.filter { $0.kind != .space }[...]
        var names: [String] = []
        while case .variable(let name)? = words.first?.kind {
            names.append(name)
            words.removeFirst()
            guard words.first?.kind == .comma else { break }
            words.removeFirst()
        }
        guard !names.isEmpty, let mark = words.first, mark.kind == .declare || mark.kind == .assign else { return [] }
        guard names.count == 1 || (isRange && names.count == 2) else {
            throw .parsing(line: lexer.line(mark.offset), "too many declarations in \(isRange ? "range" : "command")")
        }
        rest = rest.drop { $0.offset <= mark.offset }
        return names.map { TemplateNode.Variable(name: $0, declares: mark.kind == .declare) }
    }

    private mutating func operand(_ rest: inout ArraySlice<TemplateToken>) throws(TemplateError) -> TemplateNode.Operand {
        let token = rest.removeFirst()
        switch token.kind {
        case .dot: return .dot
        case .field(let name):
            let (names, offset) = chain(&rest)
            return .field([name] + names, place(token, rest, at: offset))
        case .variable(let name):
            guard variables.contains(name) else { throw .parsing(line: lexer.line(token.offset), "undefined variable \"\(name)\"") }
            let (names, offset) = chain(&rest)
            return .variable(name, names, place(token, rest, at: offset))
        case .identifier(let name): return try word(name, place(token, rest, at: nil))
        case .string(let text): return .literal(.string(text), place(token, rest, at: nil))
        case .character(let value): return .literal(.integer(value), place(token, rest, at: nil))
        case .number(let text):
            guard let value = TemplateNumber.parse(text) else {
                throw .parsing(line: lexer.line(token.offset), "bad number syntax: \"\(text)\"")
            }
            return .literal(value, place(token, rest, at: nil))
        case .open:
            let inner = try pipeline(&rest, offset: token.offset, context: "parenthesized pipeline")
            guard rest.first?.kind == .close else { throw .parsing(line: lexer.line(token.offset), "unclosed left paren") }
            rest.removeFirst()
            let (names, offset) = chain(&rest)
            return .parenthesis(inner, names, place(token, rest, at: offset))
        case .pipe, .comma, .close, .declare, .assign, .space:
            throw .parsing(line: lexer.line(token.offset), "unexpected \(lexer.text(token.offset..<token.offset + 1)) in operand")
        }
    }

    private func word(_ name: String, _ place: TemplateNode.Place) throws(TemplateError) -> TemplateNode.Operand {
        switch name {
        case "true": return .literal(.bool(true), place)
        case "false": return .literal(.bool(false), place)
        case "nil": return .literal(.null, place)
        default:
            guard TemplateFunctions.names.contains(name) else {
                throw .parsing(line: place.line, "function \"\(name)\" not defined")
            }
            return .function(name, place)
        }
    }

    /// Fields that follow without a space.
    private func chain(_ rest: inout ArraySlice<TemplateToken>) -> (names: [String], offset: Int?) {
        var names: [String] = []
        let offset = rest.first?.offset
        while case .field(let name)? = rest.first?.kind {
            names.append(name)
            rest.removeFirst()
        }
        return (names, names.isEmpty ? nil : offset)
    }

    /// Go places a chain of fields at its second part.
    private func place(_ token: TemplateToken, _ rest: ArraySlice<TemplateToken>, at offset: Int?) -> TemplateNode.Place {
        let end = rest.first?.offset ?? lexer.endOfAction(from: token.offset)
        var place = place(token.offset..<max(token.offset, end))
        if let offset { place.column = lexer.column(offset) }
        return place
    }

    private func place(_ range: Range<Int>) -> TemplateNode.Place {
        TemplateNode.Place(
            line: lexer.line(range.lowerBound), column: lexer.column(range.lowerBound), text: lexer.text(range).trimmed)
    }
}

extension TemplateLexer {
    /// Where the action that holds `offset` closes.
    func endOfAction(from offset: Int) -> Int {
        let length = text(offset..<count)
        var end = offset
        for character in length {
            if length.utf8.count > 0, text(end..<min(end + 2, count)) == "}}" || text(end..<min(end + 4, count)) == " -}}" { break }
            end += character.utf8.count
        }
        return end
    }
}

/// Numbers as Go writes them.
enum TemplateNumber {
    static func parse(_ text: String) -> Value? {
        let plain = text.filter { $0 != "_" }
        if let value = Int64(plain) { return .integer(value) }
        let negative = plain.hasPrefix("-")
        let digits = plain.drop { $0 == "-" || $0 == "+" }
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)] where digits.hasPrefix(prefix) {
            return Int64(digits.dropFirst(2), radix: radix).map { .integer(negative ? -$0 : $0) }
        }
        return Double(plain) == nil ? nil : .number(plain)
    }
}
