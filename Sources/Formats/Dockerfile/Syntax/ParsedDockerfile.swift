/// A Dockerfile as typed syntax.
package struct ParsedDockerfile: Sendable {
    package var directives: Directives
    /// ARG instructions before the first FROM.
    package var globalArguments: [Instruction]
    package var stages: [Stage]
    /// Advice that does not stop a build.
    package var warnings: [DockerfileWarning]
    package var text: String
    /// How it is called in messages.
    package var name = "Dockerfile"

    /// FROM and what follows it.
    package struct Stage: Sendable {
        /// Position in the file from 0.
        package var index: Int
        package var from: FromArguments
        package var fromInstruction: Instruction
        /// All instructions after FROM.
        package var instructions: [Instruction]

        /// The given name in lower case; nil without one.
        package var name: String? { from.name?.lowercased() }
        /// How messages call it: its name or `stage-1`.
        package var displayName: String { name ?? "stage-\(index)" }
    }

    /// - Throws: ``DockerfileError`` for the first mistake.
    package init(_ text: String) throws(DockerfileError) {
        var lexer = try LineLexer(text)
        let lines = try lexer.all()
        guard !lines.isEmpty else { throw DockerfileError("file with no instructions", nil) }
        self.text = text
        directives = lexer.directives
        globalArguments = []
        stages = []
        warnings = []
        let parser = InstructionParser(escape: lexer.directives.escape)
        for line in lines {
            let instruction = try parser.parse(line)
            try append(instruction)
            warnings += DockerfileWarning.ofLine(line, instruction)
        }
        guard !stages.isEmpty else { throw DockerfileError("no build stage in current context", lines.last?.range) }
        warnings += DockerfileWarning.ofFile(self)
        warnings.sort { $0.range.first < $1.range.first }
    }

    private mutating func append(_ instruction: Instruction) throws(DockerfileError) {
        if case .from(let from) = instruction.body {
            stages.append(Stage(index: stages.count, from: from, fromInstruction: instruction, instructions: []))
        } else if !stages.isEmpty {
            stages[stages.count - 1].instructions.append(instruction)
        } else if case .arg = instruction.body {
            globalArguments.append(instruction)
        } else {
            throw DockerfileError("no build stage in current context", instruction.range)
        }
    }

    /// The stage called `name` (compared without case), the last of several; only among the first `limit` stages.
    package func stage(named name: String, before limit: Int) -> Stage? {
        stages.prefix(limit).last { $0.name == name.lowercased() }
    }
}
