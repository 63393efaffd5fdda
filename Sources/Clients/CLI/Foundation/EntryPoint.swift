import CLinux
import EngineClient
import Essentials

/// The program: from the words on the command line to an exit status.
package enum EntryPoint {
    /// Runs the command that `arguments` (without the program's name) name.
    /// - Returns: the exit status.
    package static func run(_ arguments: [String]) async -> Int32 {
        let console = Console.standard
        // A closed pipe is seen where it is written to.
        gantry_ignore_signal(SIGPIPE)
        do { return try await run(arguments, console: console, environment: environment()) } catch { return report(error, console) }
    }

    static func run(_ arguments: [String], console: Console, environment: [String: String]) async throws -> Int32 {
        var options = GlobalOptions()
        let words: [String]
        do { words = try options.take(from: arguments) } catch let error as UsageError {
            throw ExitStatus(
                125, "\(error.message)\n\nUsage:  gantry [OPTIONS] COMMAND [ARG...]\n\nRun 'gantry --help' for more information")
        }
        if options.showsVersion {
            console.print("Gantry version \(Gantry.version), build \(Gantry.build)")
            return 0
        }
        let path = try CommandPath.find(words.first == "help" ? Array(words.dropFirst()) + ["--help"] : words)
        guard let type = path.type.command else {
            return try showGroup(path, console: console)
        }
        let outcome: CommandParser.Outcome
        do { outcome = try CommandParser.parse(type, name: path.name, path.arguments) } catch let error as UsageError {
            throw Self.usageFailure(error, type, name: path.name)
        }
        guard case .run(let command) = outcome else {
            console.text(HelpText.of(type, name: path.name))
            return 0
        }
        return try await run(command, name: path.name, options, console: console, environment: environment)
    }

    private static func run(
        _ command: any EngineCommand, name: String, _ options: GlobalOptions, console: Console, environment: [String: String]
    ) async throws -> Int32 {
        let type = Swift.type(of: command)
        do {
            let session = try Session.start(options, console: console, environment: environment, commandName: name)
            try await command.run(in: session)
            return 0
        } catch let error as UsageError {
            throw usageFailure(error, type, name: name)
        } catch let error as GantryError where type.failsAsRun {
            throw ExitStatus(125, "gantry: \(ErrorText.of(error))\n\nRun '\(name) --help' for more information")
        }
    }

    private static func usageFailure(_ error: UsageError, _ type: any EngineCommand.Type, name: String) -> ExitStatus {
        ExitStatus(125, "\(error.message)\n\nUsage:  \(name) \(type.usageLine)\n\nRun '\(name) --help' for more information")
    }

    private static func showGroup(_ path: CommandPath, console: Console) throws -> Int32 {
        if let word = path.arguments.first, word != "--help", word != "-h" {
            throw ExitStatus(
                125, "unknown flag: \(word)\n\nUsage:  \(path.name) COMMAND\n\nRun '\(path.name) --help' for more information")
        }
        console.text(HelpText.ofGroup(path.type, name: path.name))
        return 0
    }

    /// Prints what went wrong.
    /// - Returns: the exit status for it.
    private static func report(_ error: any Error, _ console: Console) -> Int32 {
        switch error {
        case let error as ExitStatus:
            if let message = error.message { console.printError(message) }
            return error.code
        case let error as GantryError:
            console.printError(ErrorText.of(error))
            return error.kind == .cancelled ? 130 : 1
        case is CancellationError:
            return 130
        default:
            console.printError("error: \(error)")
            return 1
        }
    }

    private static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = gantry_environ()
        while let text = entry?.pointee {
            let (key, value) = FlagValue.split(String(cString: text))
            if let value { result[key] = value }
            entry = entry.map { $0 + 1 }
        }
        return result
    }
}
