/// The parts of a parsed template. Source: Go, text/template/parse.
indirect enum TemplateNode: Sendable {
    /// Where a part stands, for errors: line from 1, column in bytes from 0, and its text.
    struct Place: Sendable, Equatable {
        var line: Int
        var column: Int
        var text: String
    }

    struct Variable: Sendable {
        var name: String
        /// `:=` rather than `=`.
        var declares: Bool
    }

    /// `$a, $b := first | second`.
    struct Pipeline: Sendable {
        var variables: [Variable] = []
        /// Each a function or value followed by arguments.
        var commands: [[Operand]]
        var place: Place
    }

    indirect enum Operand: Sendable {
        case dot
        case field([String], Place)
        case variable(String, [String], Place)
        case function(String, Place)
        case literal(Value, Place)
        case parenthesis(Pipeline, [String], Place)
    }

    case text(String)
    case action(Pipeline)
    case branch(Pipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case with(Pipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case range(Pipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case leave
    case proceed
}
