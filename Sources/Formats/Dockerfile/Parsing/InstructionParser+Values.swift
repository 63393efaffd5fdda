extension InstructionParser {
    /// `key=value …` or the old `key value` (ENV and LABEL).
    func pairs(_ source: Source) throws(DockerfileError) -> [KeyValue] {
        let words = WordSplitter.words(source.arguments, escape: escape)
        guard let first = words.first else { throw source.error("\(source.keyword) requires at least one argument") }
        guard first.contains("=") else {
            let bytes = Array(source.arguments.utf8)
            let key = bytes.prefix { !ASCII.isBlank($0) }
            let value = ASCII.trim(bytes.dropFirst(key.count))
            guard !value.isEmpty else { throw source.error("\(source.keyword) must have two arguments", showsLine: false) }
            return [KeyValue(ASCII.string(key), ASCII.string(value), isLegacyForm: true)]
        }
        var result: [KeyValue] = []
        for word in words {
            guard let equals = word.firstIndex(of: "=") else {
                throw source.error("Syntax error - can't find = in \"\(word)\". Must be of the form: name=value", showsLine: false)
            }
            guard equals != word.startIndex else { throw source.error("\(source.keyword) names can not be blank") }
            result.append(KeyValue(String(word[..<equals]), String(word[word.index(after: equals)...])))
        }
        return result
    }

    func arguments(_ source: Source) throws(DockerfileError) -> [ArgumentDeclaration] {
        let words = WordSplitter.words(source.arguments, escape: escape)
        guard !words.isEmpty else { throw source.error("ARG requires at least one argument") }
        var result: [ArgumentDeclaration] = []
        for word in words {
            guard let equals = word.firstIndex(of: "=") else {
                result.append(ArgumentDeclaration(word, nil))
                continue
            }
            guard equals != word.startIndex else { throw source.error("ARG names can not be blank") }
            result.append(ArgumentDeclaration(String(word[..<equals]), String(word[word.index(after: equals)...])))
        }
        return result
    }

    func copy(_ source: Source, _ flags: inout InstructionFlags) throws(DockerfileError) -> CopyArguments {
        let documents = source.line.heredocs
        var words =
            JSONStringArray.parse(source.arguments) ?? source.arguments.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count >= 2, let destination = words.popLast() else {
            throw source.error(
                "\(source.keyword) requires at least two arguments, but only \(words.count) were provided. Destination could not be determined"
            )
        }
        if !documents.isEmpty { words.removeAll { Heredoc.start(Array($0.utf8)) != nil } }
        var result = CopyArguments(sources: words, destination: destination)
        result.heredocs = documents
        result.owner = try flags.text("chown")
        result.mode = try flags.text("chmod")
        result.isLinked = try flags.flag("link") ?? false
        result.excludes = flags.all("exclude")
        if source.keyword == "COPY" {
            result.from = try flags.text("from")
            result.keepsParents = try flags.flag("parents") ?? false
        } else {
            result.checksum = try flags.text("checksum")
            result.keepsGitDirectory = try flags.flag("keep-git-dir") ?? false
            result.unpacks = try flags.flag("unpack")
        }
        return result
    }

    func healthcheck(_ source: Source, _ flags: inout InstructionFlags) throws(DockerfileError) -> HealthcheckArguments {
        let (kind, rest) = LineLexer.firstWord(source.arguments)
        switch kind {
        case "": throw source.error("HEALTHCHECK requires at least one argument")
        case "NONE":
            guard rest.isEmpty else { throw source.error("HEALTHCHECK NONE takes no arguments") }
            return HealthcheckArguments(test: ["NONE"])
        case "CMD": break
        default:
            throw source.error(
                "Unknown type \"\(ASCII.string(source.arguments.utf8.prefix { !ASCII.isBlank($0) }))\" in HEALTHCHECK (try CMD)")
        }
        let test: [String]
        switch command(rest) {
        case .exec(let words): test = ["CMD"] + words
        case .shell(let text): test = text.isEmpty ? [] : ["CMD-SHELL", text]
        }
        guard test.count > 1 else { throw source.error("Missing command after HEALTHCHECK CMD") }
        var result = HealthcheckArguments(test: test)
        result.interval = try flags.duration("interval")
        result.timeout = try flags.duration("timeout")
        result.startPeriod = try flags.duration("start-period")
        result.startInterval = try flags.duration("start-interval")
        if let text = try flags.text("retries") {
            guard let number = Int(text) else { throw source.error("strconv.ParseInt: parsing \"\(text)\": invalid syntax") }
            guard number >= 0 else { throw source.error("--retries cannot be negative (\(number))") }
            result.retries = number
        }
        return result
    }
}
