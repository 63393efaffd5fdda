/// One instruction of a Dockerfile, checked in form, with its variables not yet expanded.
package struct Instruction: Sendable, Hashable {
    /// The word in upper case: `RUN`.
    package var keyword: String
    /// The whole instruction as written, continued lines joined: `RUN echo $X`.
    package var text: String
    package var range: SourceRange
    package var body: Body
    /// The comments right above it.
    package var comments: [String] = []

    package enum Body: Sendable, Hashable {
        case from(FromArguments)
        case run(RunArguments)
        case cmd(CommandForm)
        case entrypoint(CommandForm)
        case label([KeyValue])
        case maintainer(String)
        case expose([String])
        case env([KeyValue])
        case add(CopyArguments)
        case copy(CopyArguments)
        case volume([String])
        case user(String)
        case workdir(String)
        case arg([ArgumentDeclaration])
        /// The trigger's text as the image's configuration stores it, and the same checked.
        indirect case onbuild(String, Instruction)
        case stopSignal(String)
        case healthcheck(HealthcheckArguments)
        case shell([String])
    }

    package init(keyword: String, text: String, range: SourceRange, body: Body) {
        self.keyword = keyword
        self.text = text
        self.range = range
        self.body = body
    }

    /// All instructions, for suggestions and checks.
    package static let keywords = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
        "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]
}

/// `name=value` as written, quotes included.
package struct KeyValue: Sendable, Hashable {
    package var key: String
    package var value: String
    /// Written as `ENV key value`.
    package var isLegacyForm: Bool

    package init(_ key: String, _ value: String, isLegacyForm: Bool = false) {
        self.key = key
        self.value = value
        self.isLegacyForm = isLegacyForm
    }
}

/// `ARG name[=default]`.
package struct ArgumentDeclaration: Sendable, Hashable {
    package var name: String
    package var defaultValue: String?

    package init(_ name: String, _ defaultValue: String?) {
        self.name = name
        self.defaultValue = defaultValue
    }
}

/// A command in one of its two forms.
package enum CommandForm: Sendable, Hashable {
    /// JSON: executed as it is.
    case exec([String])
    /// Text handed to the stage's shell.
    case shell(String)
}

/// `FROM [--platform=p] image [AS name]`.
package struct FromArguments: Sendable, Hashable {
    package var platform: String?
    package var image: String
    package var name: String?

    package init(platform: String? = nil, image: String, name: String? = nil) {
        self.platform = platform
        self.image = image
        self.name = name
    }
}

/// `HEALTHCHECK`: nil durations were not given; durations are nanoseconds.
package struct HealthcheckArguments: Sendable, Hashable {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`.
    package var test: [String]
    package var interval: Int64?
    package var timeout: Int64?
    package var startPeriod: Int64?
    package var startInterval: Int64?
    package var retries: Int?

    package init(test: [String]) { self.test = test }
}
