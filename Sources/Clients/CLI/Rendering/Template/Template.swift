/// A template of `--format`: Go's text/template with the functions that docker adds.
struct Template: Sendable {
    private let nodes: [TemplateNode]

    /// - Throws: ``TemplateError`` with Go's message.
    init(_ text: String) throws(TemplateError) {
        var parser = try TemplateParser(text)
        nodes = try parser.parse()
    }

    /// The text that the template makes of `value`.
    func execute(on value: Value) throws(TemplateError) -> String {
        var evaluator = TemplateEvaluator(root: value, isHeader: false)
        try evaluator.run(nodes)
        return evaluator.output
    }

    /// As ``execute(on:)``, but what came out before an error is given too.
    func executePartly(on value: Value) -> (output: String, error: TemplateError?) {
        var evaluator = TemplateEvaluator(root: value, isHeader: false)
        do { try evaluator.run(nodes) } catch { return (evaluator.output, error) }
        return (evaluator.output, nil)
    }

    /// The header row: functions that change the form of a field leave the header as it is.
    func executeForHeader(on value: Value) throws(TemplateError) -> String {
        var evaluator = TemplateEvaluator(root: value, isHeader: true)
        try evaluator.run(nodes)
        return evaluator.output
    }

    /// First names of the fields that the template looks at; nil when it also takes the whole row.
    var fieldNames: Set<String>? {
        var names: Set<String> = []
        var takesAll = false
        for node in nodes { Self.collect(node, &names, &takesAll) }
        return takesAll ? nil : names
    }

    private static func collect(_ node: TemplateNode, _ names: inout Set<String>, _ takesAll: inout Bool) {
        func list(_ nodes: [TemplateNode]) { for node in nodes { collect(node, &names, &takesAll) } }
        switch node {
        case .text, .leave, .proceed: break
        case .action(let pipeline): collect(pipeline, &names, &takesAll)
        case .branch(let pipeline, let then, let otherwise), .with(let pipeline, let then, let otherwise),
            .range(let pipeline, let then, let otherwise):
            collect(pipeline, &names, &takesAll)
            list(then)
            list(otherwise)
        }
    }

    private static func collect(_ pipeline: TemplateNode.Pipeline, _ names: inout Set<String>, _ takesAll: inout Bool) {
        for operand in pipeline.commands.joined() {
            switch operand {
            case .dot: takesAll = true
            case .field(let path, _): names.formUnion(path.prefix(1))
            case .parenthesis(let inner, _, _): collect(inner, &names, &takesAll)
            case .variable(let name, let path, _): if name == "$" { names.formUnion(path.prefix(1)) }
            case .function, .literal: break
            }
        }
    }
}
