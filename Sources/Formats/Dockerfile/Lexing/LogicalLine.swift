/// One instruction's text: continued lines joined, comments gone, with the documents that follow it.
struct LogicalLine: Equatable {
    var text: String
    var range: SourceRange
    var heredocs: [Heredoc] = []
    /// A blank line stood inside the continuation (rule NoEmptyContinuation).
    var hasEmptyContinuation = false
    /// The comments right above, without their marks; a blank line sets them apart.
    var comments: [String] = []
}

/// Cuts a Dockerfile into logical lines. Source: Dockerfile reference, format.
struct LineLexer {
    let directives: Directives
    private let lines: [ArraySlice<UInt8>]
    private var index = 0

    init(_ text: String) throws(DockerfileError) {
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        let split = bytes.split(separator: ASCII.newline, omittingEmptySubsequences: false)
            .map { $0.last == ASCII.carriageReturn ? $0.dropLast() : $0 }
        // Text that ends in a newline has no further line.
        lines = split.last?.isEmpty == true ? split.dropLast() : split
        directives = try Directives(lines: lines)
    }

    mutating func all() throws(DockerfileError) -> [LogicalLine] {
        var result: [LogicalLine] = []
        while let line = try next() { result.append(line) }
        return result
    }

    private mutating func next() throws(DockerfileError) -> LogicalLine? {
        var comments: [String] = []
        while index < lines.count {
            let trimmed = ASCII.trim(lines[index])
            if trimmed.isEmpty || trimmed.first == ASCII.hash {
                if trimmed.isEmpty { comments = [] } else { comments.append(ASCII.string(ASCII.trim(trimmed.dropFirst()))) }
                index += 1
                continue
            }
            var line = joined()
            line.comments = comments
            if ASCII.trim(line.text).isEmpty { continue }
            try readHeredocs(of: &line)
            return line
        }
        return nil
    }

    private mutating func joined() -> LogicalLine {
        let first = index + 1
        var text: [UInt8] = []
        var more = true
        var hasEmpty = false
        var last = first
        var starting = true
        while more, index < lines.count {
            let line = lines[index]
            index += 1
            let trimmed = ASCII.trim(line)
            if !starting {
                if trimmed.first == ASCII.hash { continue }
                if trimmed.isEmpty {
                    hasEmpty = true
                    continue
                }
            }
            let (content, continues) = withoutContinuation(line)
            text.append(contentsOf: content)
            more = continues
            last = index
            starting = false
        }
        return LogicalLine(
            text: ASCII.string(ASCII.trim(text[...])), range: SourceRange(first, last), hasEmptyContinuation: hasEmpty)
    }

    /// An escape character at the end, blanks after it allowed, continues the line unless it is escaped itself.
    private func withoutContinuation(_ line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, Bool) {
        var end = line
        while let last = end.last, last == 32 || last == ASCII.tab { end = end.dropLast() }
        guard end.last == directives.escape else { return (line, false) }
        let before = end.dropLast()
        return before.last == directives.escape ? (line, false) : (before, true)
    }

    private mutating func readHeredocs(of line: inout LogicalLine) throws(DockerfileError) {
        guard line.text.utf8.contains(ASCII.less), Self.mayHaveHeredocs(line.text) else { return }
        var documents = Heredoc.starts(in: Array(line.text.utf8), escape: directives.escape)
        for number in documents.indices {
            var content: [UInt8] = []
            var closed = false
            let terminator = Array(documents[number].name.utf8)
            while index < lines.count, !closed {
                var candidate = lines[index]
                index += 1
                if documents[number].stripsTabs { candidate = candidate.drop { $0 == ASCII.tab } }
                if Array(candidate) == terminator {
                    closed = true
                } else {
                    content.append(contentsOf: lines[index - 1])
                    content.append(ASCII.newline)
                }
            }
            guard closed else { throw DockerfileError("unterminated heredoc", line.range) }
            documents[number].content = ASCII.string(content)
        }
        line.heredocs = documents
        line.range.last = max(line.range.last, documents.isEmpty ? line.range.last : index)
    }

    /// RUN, COPY and ADD, also below ONBUILD, unless in JSON form.
    private static func mayHaveHeredocs(_ text: String) -> Bool {
        var (word, rest) = firstWord(text)
        if word == "ONBUILD" { (word, rest) = firstWord(rest) }
        guard word == "RUN" || word == "COPY" || word == "ADD" else { return false }
        return JSONStringArray.parse(WordSplitter.takeFlags(rest).rest) == nil
    }

    /// The instruction's word in upper case and what follows.
    static func firstWord(_ text: String) -> (word: String, rest: String) {
        let bytes = ASCII.trim(Array(text.utf8)[...])
        let word = bytes.prefix { !ASCII.isBlank($0) }
        return (ASCII.string(word).uppercased(), ASCII.string(ASCII.trim(bytes.dropFirst(word.count))))
    }
}
