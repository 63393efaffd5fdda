import ArgumentParser
import Essentials

/// Both answer with one sentence: the state of a process would have to be written and read by criu, which this runtime does not drive.
struct Checkpoint: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Not supported.")
    @OptionGroup var global: GlobalOptions
    @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

    func run() throws {
        throw GantryError.unsupported(
            "checkpoint is not supported: this runtime does not drive `criu`, which writes the state of processes")
    }
}

struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Not supported.")
    @OptionGroup var global: GlobalOptions
    @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

    func run() throws {
        throw GantryError.unsupported(
            "restore is not supported: this runtime does not drive `criu`, which reads the state of processes")
    }
}
