internal import Dockerfile
internal import Essentials

extension BuildFailure {
    /// `error` with the instruction's lines; one that has its place already is left alone, and so is a cancellation.
    static func at(_ instruction: Instruction, _ file: ParsedDockerfile, _ error: any Error) -> any Error {
        if error is CancellationError { return error }
        var failure: BuildFailure
        switch error {
        case let known as BuildFailure: failure = known
        case let known as GantryError: failure = BuildFailure(known)
        case let known as VariableExpander.Failure: failure = BuildFailure(.invalid(known.message))
        case let known as IgnoreFile.PatternError: failure = BuildFailure(.invalid(known.message))
        default: failure = BuildFailure(.internal("failed to do `\(instruction.text)`", cause: error))
        }
        if failure.range == nil {
            failure.range = instruction.range
            failure.excerpt = SourceExcerpt.render(file.text, name: file.name, range: instruction.range)
        }
        return failure
    }
}
