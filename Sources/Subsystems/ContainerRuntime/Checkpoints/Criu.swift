internal import Essentials
internal import LinuxSystem

/// The program that writes the state of processes into files and makes processes of these files again. Source: criu(8).
struct Criu: Sendable {
    /// Of the program.
    let path: String

    /// Finds the program and asks whether it can work here.
    /// - Throws: `unsupported` with what it says.
    static func ready() async throws -> Criu {
        let places = HostProgram.directories.map { "\($0)/criu" }
        guard let path = places.first(where: FileSystem.exists) else {
            throw GantryError.unsupported(
                "checkpoints need the program `criu`, which is not installed", hint: "install the package `criu`")
        }
        let outcome = try await ProgramRun.run(
            [path, "check"], environment: HostProgram.environment, timeout: .seconds(60))
        guard outcome.code == 0 else {
            throw GantryError.unsupported(
                "checkpoints are not possible on this host: `criu check` says: \(reason(in: outcome.output, first: true))")
        }
        return Criu(path: path)
    }

    /// Writes the state of a process and its descendants. Once begun it is waited for: what is cut off would leave processes stopped.
    /// - Parameter log: where the arguments have it write what goes wrong.
    /// - Throws: `unavailable` with the log's last errors; the processes then run on.
    func dump(_ arguments: [String], log: String) async throws {
        let command = [path, "dump"] + arguments
        let outcome = try await Task {
            try await ProgramRun.run(command, environment: HostProgram.environment)
        }.value
        guard outcome.code != 0 else { return }
        let text = (try? FileSystem.readText(log)) ?? ""
        throw GantryError.unavailable("criu: \(Self.reason(in: text.isEmpty ? outcome.output : text))")
    }

    /// What is told of errors, without places in criu's source: the last three, or the first three; one that tells only that all has
    /// failed is left out where there is more.
    static func reason(in text: String, first: Bool = false) -> String {
        var reasons: [String] = []
        for line in text.split(separator: "\n") {
            guard let start = line.firstRange(of: "Error (")?.upperBound,
                let end = line[start...].firstRange(of: "): ")?.upperBound
            else { continue }
            let reason = String(line[end...])
            if !reasons.contains(reason), !reason.hasPrefix("exited, status=") { reasons.append(reason) }
        }
        let telling = reasons.filter { !["Dumping FAILED.", "Restoring FAILED."].contains($0) }
        if !telling.isEmpty { reasons = telling }
        guard reasons.isEmpty else { return (first ? reasons.prefix(3) : reasons.suffix(3)).joined(separator: "; ") }
        let last = text.split(separator: "\n").last.map(String.init) ?? ""
        return last.isEmpty ? "no reason is given" : last
    }
}
