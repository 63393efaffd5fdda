package import Essentials

/// A Dockerfile that cannot be read, with the lines concerned.
package struct DockerfileError: Error, Sendable, Equatable {
    /// What is wrong, without the position: `unknown instruction: RUNN (did you mean RUN?)`.
    package var reason: String
    /// Nil when the file as a whole is meant.
    package var range: SourceRange?
    /// False for mistakes that BuildKit reports without `dockerfile parse error on line N`.
    package var showsLine: Bool

    package init(_ reason: String, _ range: SourceRange?, showsLine: Bool = true) {
        self.reason = reason
        self.range = range
        self.showsLine = showsLine
    }

    /// The sentence that users know: `dockerfile parse error on line 3: …`.
    package var message: String {
        guard showsLine, let range else { return reason }
        return "dockerfile parse error on line \(range.first): \(reason)"
    }

    package var gantryError: GantryError { .invalid(message) }
}

extension DockerfileError: CustomStringConvertible {
    package var description: String { message }
}
