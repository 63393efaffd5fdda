internal import Essentials

/// A program of the host's that is run for its output.
package enum HostProgram {
    static let directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// Of programs that work for the daemon, and nothing of the daemon's.
    static let environment = ["PATH=" + directories.joined(separator: ":")]

    /// - Throws: `unavailable` with what it said when it fails.
    package static func output(_ arguments: [String]) async throws -> String {
        let outcome: ProgramRun.Outcome
        do { outcome = try await ProgramRun.run(arguments, outputLimit: 16 << 20, searchPath: true) } catch {
            throw GantryError.unavailable("`\(arguments[0])` could not be run", cause: error)
        }
        guard outcome.code == 0 else {
            throw GantryError.unavailable("`\(arguments.joined(separator: " "))` ended with \(outcome.code): \(outcome.output)")
        }
        return outcome.output
    }
}
