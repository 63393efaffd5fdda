/// A document written into the Dockerfile itself: `<<EOF` and the lines up to `EOF`.
package struct Heredoc: Sendable, Hashable {
    /// The word that ends it, without quotes; also the file's name in COPY.
    package var name: String
    /// The lines with their ends, as written.
    package var content: String
    /// False when the word was quoted: no variables in the content.
    package var expands: Bool
    /// True for `<<-`: tabs at the start of lines are taken away.
    package var stripsTabs: Bool
    /// Number before `<<`; nil when none was written.
    package var descriptor: Int?

    /// The content after `<<-` has taken the tabs.
    package var text: String {
        guard stripsTabs else { return content }
        var result: [UInt8] = []
        var atStart = true
        for byte in content.utf8 {
            if atStart, byte == ASCII.tab { continue }
            result.append(byte)
            atStart = byte == ASCII.newline
        }
        return ASCII.string(result)
    }

    /// Reads `[n]<<[-]WORD`; nil when `word` is anything else.
    static func start(_ word: [UInt8]) -> Heredoc? {
        var rest = word[...]
        let digits = rest.prefix(while: ASCII.isDigit)
        rest = rest.dropFirst(digits.count)
        guard rest.starts(with: [ASCII.less, ASCII.less]) else { return nil }
        rest = rest.dropFirst(2)
        let strips = rest.first == ASCII.dash
        if strips { rest = rest.dropFirst() }
        guard !rest.isEmpty, !rest.contains(ASCII.less), !rest.contains(where: ASCII.isBlank) else { return nil }
        let quoted = rest.contains { $0 == ASCII.quote || $0 == ASCII.apostrophe || $0 == ASCII.backslash }
        let name = rest.filter { $0 != ASCII.quote && $0 != ASCII.apostrophe && $0 != ASCII.backslash }
        guard !name.isEmpty else { return nil }
        let number = Int(ASCII.string(digits))
        return Heredoc(name: ASCII.string(name), content: "", expands: !quoted, stripsTabs: strips, descriptor: number)
    }

    /// All documents that a line starts, in order; none when its quotes do not close.
    static func starts(in line: [UInt8], escape: UInt8) -> [Heredoc] {
        guard let words = WordSplitter.closedWords(line, escape: escape) else { return [] }
        return words.compactMap(start)
    }
}
