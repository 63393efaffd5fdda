/// Makes a typed instruction of a logical line.
struct InstructionParser {
    let escape: UInt8

    func parse(_ line: LogicalLine) throws(DockerfileError) -> Instruction {
        let (word, rest) = LineLexer.firstWord(line.text)
        guard Instruction.keywords.contains(word) else {
            let typed = ASCII.string(line.text.utf8.prefix { !ASCII.isBlank($0) })
            throw DockerfileError("unknown instruction: \(typed)\(Suggestion.text(word, among: Instruction.keywords))", line.range)
        }
        let (flagWords, arguments) = Self.takesFlags.contains(word) ? WordSplitter.takeFlags(rest) : ([], rest)
        var flags = try InstructionFlags(flagWords, of: word, range: line.range)
        let source = Source(keyword: word, arguments: arguments, line: line)
        let body = try body(source, &flags)
        var instruction = Instruction(keyword: word, text: line.text, range: line.range, body: body)
        instruction.comments = line.comments
        return instruction
    }

    /// What the makers of the single instructions need.
    struct Source {
        var keyword: String
        var arguments: String
        var line: LogicalLine

        func error(_ reason: String, showsLine: Bool = true) -> DockerfileError {
            DockerfileError(reason, line.range, showsLine: showsLine)
        }

        func required() throws(DockerfileError) -> String {
            guard !arguments.isEmpty else { throw error("\(keyword) requires exactly one argument") }
            return arguments
        }
    }

    private static let takesFlags: Set<String> = [
        "FROM", "RUN", "COPY", "ADD", "HEALTHCHECK", "CMD", "ENTRYPOINT", "ENV", "LABEL", "EXPOSE",
    ]

    private func body(_ source: Source, _ flags: inout InstructionFlags) throws(DockerfileError) -> Instruction.Body {
        switch source.keyword {
        case "FROM": .from(try from(source, &flags))
        case "RUN": .run(try run(source, &flags))
        case "CMD": .cmd(command(source.arguments))
        case "ENTRYPOINT": .entrypoint(command(source.arguments))
        case "LABEL": .label(try pairs(source))
        case "ENV": .env(try pairs(source))
        case "MAINTAINER": .maintainer(try source.required())
        case "EXPOSE": .expose(try expose(source))
        case "ADD": .add(try copy(source, &flags))
        case "COPY": .copy(try copy(source, &flags))
        case "VOLUME": .volume(try volume(source))
        case "USER": .user(try source.required())
        case "WORKDIR": .workdir(try source.required())
        case "ARG": .arg(try arguments(source))
        case "ONBUILD": try onbuild(source)
        case "STOPSIGNAL": .stopSignal(try source.required())
        case "HEALTHCHECK": .healthcheck(try healthcheck(source, &flags))
        default: .shell(try shell(source))
        }
    }

    func command(_ text: String) -> CommandForm {
        if let words = JSONStringArray.parse(text) { return .exec(words) }
        return .shell(text)
    }

    private func from(_ source: Source, _ flags: inout InstructionFlags) throws(DockerfileError) -> FromArguments {
        let words = source.arguments.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 1 || words.count == 3 && words[1].lowercased() == "as" else {
            throw source.error("FROM requires either one or three arguments")
        }
        let name = words.count == 3 ? words[2] : nil
        if let name, !Self.isStageName(name) {
            throw source.error("invalid name for build stage: \"\(name)\", name can't start with a number or contain symbols")
        }
        return FromArguments(platform: try flags.text("platform"), image: words[0], name: name)
    }

    /// `[a-z][a-z0-9-_.]*` without regard to case.
    private static func isStageName(_ name: String) -> Bool {
        guard let first = name.utf8.first, ASCII.isLetter(first) else { return false }
        return name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-_.".utf8.contains($0) }
    }

    private func expose(_ source: Source) throws(DockerfileError) -> [String] {
        let words = source.arguments.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !words.isEmpty else { throw source.error("EXPOSE requires at least one argument") }
        return words
    }

    private func volume(_ source: Source) throws(DockerfileError) -> [String] {
        let words =
            JSONStringArray.parse(source.arguments) ?? source.arguments.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !words.isEmpty else { throw source.error("VOLUME requires at least one argument") }
        guard words.allSatisfy({ !ASCII.trim($0).isEmpty }) else {
            throw source.error("VOLUME specified can not be an empty string")
        }
        return words.map(ASCII.trim)
    }

    private func shell(_ source: Source) throws(DockerfileError) -> [String] {
        guard let words = JSONStringArray.parse(source.arguments) else {
            throw source.error("SHELL requires the arguments to be in JSON form")
        }
        guard !words.isEmpty else { throw source.error("SHELL requires at least one argument") }
        return words
    }

    private func onbuild(_ source: Source) throws(DockerfileError) -> Instruction.Body {
        var line = source.line
        line.text = source.arguments
        let (word, _) = LineLexer.firstWord(source.arguments)
        switch word {
        case "": throw source.error("ONBUILD requires at least one argument")
        case "ONBUILD": throw source.error("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
        case "MAINTAINER", "FROM": throw source.error("\(word) isn't allowed as an ONBUILD trigger")
        default: break
        }
        let trigger = try parse(line)
        let documents = line.heredocs.map { "\n" + $0.content + $0.name }.joined()
        return .onbuild(source.arguments + documents, trigger)
    }
}
