/// What is wrong with a template, in the words of Go's text/template, which scripts and people know.
struct TemplateError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    /// `template: :1: unclosed action`.
    static func parsing(line: Int, _ message: String) -> TemplateError { TemplateError("template: :\(line): \(message)") }

    /// `template: :1:2: executing "" at <.Nope>: …`.
    static func executing(_ place: TemplateNode.Place, _ message: String) -> TemplateError {
        TemplateError("template: :\(place.line):\(place.column): executing \"\" at <\(place.text)>: \(message)")
    }
}
