internal import Dockerfile
internal import Essentials
internal import OCI

extension StageRunner {
    /// Instructions that change the image's configuration and nothing else.
    mutating func metadata(_ instruction: Instruction) throws {
        switch instruction.body {
        case .env(let pairs): try environment(pairs)
        case .arg(let declarations): try arguments(declarations)
        case .label(let pairs): try labels(pairs)
        case .expose(let words): try expose(words)
        case .volume(let words): try volumes(words)
        case .cmd(let command): setCommand(command)
        case .entrypoint(let command): setEntrypoint(command)
        case .shell(let words):
            state.set { $0.shell = words }
            state.note("SHELL \(GoText.list(words))")
        case .user(let text):
            let user = try expand(text)
            state.set { $0.user = user }
            state.note("USER \(user)")
        case .stopSignal(let text):
            let signal = try expand(text)
            guard SignalNames.isSignal(signal) else { throw GantryError.invalid("invalid signal: \(signal)") }
            state.set { $0.stopSignal = signal }
            state.note("STOPSIGNAL \(signal)")
        case .healthcheck(let check): healthcheck(check)
        case .maintainer(let text):
            state.config.author = text
            state.note("MAINTAINER \(text)")
        case .onbuild(let text, _): state.set { $0.onBuild = ($0.onBuild ?? []) + [text] }
        case .from, .run, .copy, .add, .workdir: throw GantryError.internal("\(instruction.keyword) is no metadata")
        }
    }

    /// All values are those from before the instruction.
    private mutating func environment(_ pairs: [KeyValue]) throws {
        var values: [(String, String)] = []
        for pair in pairs { values.append((try expand(pair.key), try expand(pair.value))) }
        for (name, value) in values {
            state.variables.set(name, value)
            state.set { defaults in
                var image = Variables(environment: defaults.environment ?? [])
                image.set(name, value)
                defaults.environment = image.texts
            }
        }
        state.note("ENV " + values.map { "\($0)=\($1)" }.joined(separator: " "))
    }

    private mutating func arguments(_ declarations: [ArgumentDeclaration]) throws {
        var words: [String] = []
        for declaration in declarations {
            let name = try expand(declaration.name)
            let ownDefault = try declaration.defaultValue.map { try expand($0) }
            words.append(ownDefault.map { "\(name)=\($0)" } ?? name)
            let value = session.globals.given[name] ?? ownDefault ?? session.globals[name]
            state.arguments.append(StageState.Argument(name: name, value: value))
            if let value { state.variables.set(name, value, isArgument: true) }
        }
        state.note("ARG " + words.joined(separator: " "))
    }

    private mutating func labels(_ pairs: [KeyValue]) throws {
        var words: [String] = []
        for pair in pairs {
            let name = try expand(pair.key)
            let value = try expand(pair.value)
            state.set { $0.labels = ($0.labels ?? [:]).merging([name: value]) { _, new in new } }
            words.append("\(name)=\(value)")
        }
        state.note("LABEL " + words.joined(separator: " "))
    }

    private mutating func expose(_ words: [String]) throws {
        var ports: Set<String> = []
        for word in words {
            for text in try expandWords(word) { ports.formUnion(try ExposedPorts.parse(text)) }
        }
        state.set { defaults in
            for port in ports { defaults.exposedPorts = (defaults.exposedPorts ?? [:]).merging([port: .init()]) { old, _ in old } }
        }
        state.note("EXPOSE map[" + ports.sorted().map { "\($0):{}" }.joined(separator: " ") + "]")
    }

    private mutating func volumes(_ words: [String]) throws {
        var paths: [String] = []
        for word in words { paths.append(try expand(word)) }
        guard paths.allSatisfy({ !$0.isEmpty }) else { throw GantryError.invalid("VOLUME specified can not be an empty string") }
        state.set { defaults in
            for path in paths { defaults.volumes = (defaults.volumes ?? [:]).merging([path: .init()]) { old, _ in old } }
        }
        state.note("VOLUME \(GoText.list(paths))")
    }

    private func words(_ command: CommandForm) -> [String] {
        switch command {
        case .exec(let words): words
        case .shell(let text): text.isEmpty ? [] : state.shell + [text]
        }
    }

    private mutating func setCommand(_ command: CommandForm) {
        let words = words(command)
        state.commandIsSet = true
        state.set {
            $0.command = words.isEmpty ? nil : words
            $0.argsEscaped = true
        }
        state.note("CMD \(GoText.quotedList(words))")
    }

    private mutating func setEntrypoint(_ command: CommandForm) {
        let words = words(command)
        let keepsCommand = state.commandIsSet
        state.set {
            $0.entrypoint = words.isEmpty ? nil : words
            // A command of the base image was meant for the base image's entry point.
            if !keepsCommand { $0.command = nil }
        }
        state.note("ENTRYPOINT \(GoText.quotedList(words))")
    }

    private mutating func healthcheck(_ check: HealthcheckArguments) {
        var value = ContainerDefaults.Healthcheck(test: check.test)
        value.interval = check.interval.flatMap { $0 == 0 ? nil : $0 }
        value.timeout = check.timeout.flatMap { $0 == 0 ? nil : $0 }
        value.startPeriod = check.startPeriod.flatMap { $0 == 0 ? nil : $0 }
        value.startInterval = check.startInterval.flatMap { $0 == 0 ? nil : $0 }
        value.retries = check.retries.flatMap { $0 == 0 ? nil : $0 }
        state.set { $0.healthcheck = value }
        let durations = [check.interval, check.timeout, check.startPeriod, check.startInterval]
            .map { GoText.quoted(DurationText.render($0 ?? 0)) }.joined(separator: " ")
        state.note("HEALTHCHECK &{\(GoText.quotedList(check.test)) \(durations) \(GoText.quotedCharacter(check.retries ?? 0))}")
    }
}
