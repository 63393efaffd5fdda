import EngineClient
import Essentials

/// `gantry rm`
struct RemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove one or more containers", aliases: ["remove"])
    static let usageLine = "[OPTIONS] CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    @Flag(name: .shortAndLong, help: "Force the removal of a running container (uses SIGKILL)") var force = false
    @Flag(name: .shortAndLong, help: "Remove the specified link") var link = false
    @Flag(name: .shortAndLong, help: "Remove anonymous volumes associated with the container") var volumes = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let (volumes, force, link) = (volumes, force, link)
        let names = operands.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
        let outcome = try await outcomes(names) { name in
            guard !name.isEmpty else { throw GantryError.invalid("container name cannot be empty") }
            try await session.client.removeContainer(name, volumes: volumes, force: force, link: link)
        }
        var failed = false
        for (name, failure) in zip(names, outcome) {
            guard let failure else {
                session.console.print(name)
                continue
            }
            session.console.printError(ErrorText.of(failure))
            // With -f a container that is not there is only mentioned.
            failed = failed || !(force && failure.kind == .notFound)
        }
        if failed { throw ExitStatus(1) }
    }

    private func outcomes(
        _ names: [String], _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws -> [GantryError?] {
        var result = [GantryError?](repeating: nil, count: names.count)
        try await withThrowingTaskGroup(of: (Int, GantryError?).self) { group in
            for (index, name) in names.enumerated() {
                group.addTask {
                    do { try await body(name) } catch let error as GantryError { return (index, error) }
                    return (index, nil)
                }
            }
            for try await (index, failure) in group { result[index] = failure }
        }
        return result
    }
}
