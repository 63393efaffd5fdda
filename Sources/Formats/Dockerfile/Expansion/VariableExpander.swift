/// Replaces variables and takes quotes away, as the builder does it before an instruction runs (never a shell's job).
///
/// Source: Dockerfile reference, environment replacement.
package struct VariableExpander: Sendable {
    /// Why a word cannot be expanded.
    package struct Failure: Error, Sendable, Equatable {
        package var message: String
    }

    let escape: UInt8

    /// - Parameter escape: the file's escape character.
    package init(escape: UInt8 = UInt8(ascii: "\\")) { self.escape = escape }

    /// One word in, one word out, blanks in values kept.
    /// - Parameter lookup: the value of a variable, nil when it is not set.
    package func word(_ text: String, _ lookup: (String) -> String?) throws(Failure) -> String {
        try run(text, lookup) { expansion throws(Failure) in try expansion.whole() }.value
    }

    /// The words that the expanded text falls into: blanks outside of quotes separate them, also those out of variables.
    package func words(_ text: String, _ lookup: (String) -> String?) throws(Failure) -> [String] {
        try run(text, lookup) { expansion throws(Failure) in try expansion.whole() }.words
    }

    /// Variables only: quotes and lines stay as they are (documents of COPY and ADD).
    package func document(_ text: String, _ lookup: (String) -> String?) throws(Failure) -> String {
        try run(text, lookup) { expansion throws(Failure) in try expansion.raw() }.value
    }

    /// The variables that `text` uses without saying what happens when they are not set, in order.
    package func plainUses(_ text: String, _ lookup: (String) -> String?) -> [String] {
        withoutActuallyEscaping(lookup) { lookup in
            var names: [String] = []
            var expansion = Expansion(bytes: Array(text.utf8), escape: escape, onPlainUse: { names.append($0) }, lookup: lookup)
            // What cannot be expanded is reported when it is built.
            do throws(Failure) { try expansion.whole() } catch { return names }
            return names
        }
    }

    private func run(
        _ text: String, _ lookup: (String) -> String?, _ body: (inout Expansion) throws(Failure) -> Void
    ) throws(Failure) -> (value: String, words: [String]) {
        try withoutActuallyEscaping(lookup) { lookup throws(Failure) in
            var expansion = Expansion(bytes: Array(text.utf8), escape: escape, lookup: lookup)
            do throws(Failure) { try body(&expansion) } catch {
                throw Failure(message: "failed to process \"\(Self.quoted(text))\": \(error.message)")
            }
            expansion.words.finish()
            return (ASCII.string(expansion.output), expansion.words.all)
        }
    }

    private static func quoted(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n").replacing("\t", with: "\\t")
    }
}
