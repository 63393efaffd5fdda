import DockerAPI
import EngineClient
import Essentials

/// `gantry stats`
struct StatsCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Display a live stream of container(s) resource usage statistics")
    static let usageLine = "[OPTIONS] [CONTAINER...]"
    static let operandCount = OperandCount.any

    @Flag(name: .shortAndLong, help: "Show all containers (default shows just running)") var all = false
    @Option(help: "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(help: "Disable streaming stats and only pull the first result") var noStream = false
    @Flag(help: "Do not truncate output") var noTrunc = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let format = try session.listFormat(format, quiet: false, key: "statsFormat")
        let view = ContainerUsage.view(truncates: !noTrunc)
        _ = try view.render([], format: format)
        if noStream {
            let usages = try await once(session)
            return session.console.text(try view.render(usages, format: format))
        }
        try await LiveStatistics(names: operands, all: all, view: view, format: format, session: session).run()
    }

    /// One row per container, all asked at once. Of those that were not named, one that goes meanwhile is left out.
    private func once(_ session: Session) async throws -> [ContainerUsage] {
        let names = operands
        let containers = names.isEmpty ? try await session.client.containers(all: all).map { Identifier.short($0.id) } : names
        return try await withThrowingTaskGroup(of: (Int, ContainerUsage?).self) { group in
            for (index, container) in containers.enumerated() {
                group.addTask {
                    do {
                        for try await stats in try await session.client.stats(of: container, stream: false) {
                            return (index, ContainerUsage(container: container, stats))
                        }
                    } catch let error as GantryError where names.isEmpty && error.kind == .notFound {
                        return (index, nil)
                    }
                    return (index, nil)
                }
            }
            var usages = [ContainerUsage?](repeating: nil, count: containers.count)
            for try await (index, usage) in group { usages[index] = usage }
            return usages.compactMap { $0 }
        }
    }
}

/// The table that is redrawn twice a second. Containers that start while it shows all of them join in.
private struct LiveStatistics: Sendable {
    var names: [String]
    var all: Bool
    var view: ListView<ContainerUsage>
    var format: String?
    var session: Session

    func run() async throws {
        let board = UsageBoard()
        try await withThrowingTaskGroup(of: Void.self) { group in
            if names.isEmpty {
                var filters = Filters(["type": ["container"]])
                for event in ["create", "start", "die", "destroy"] { filters.add("event", event) }
                // Events first: a container that starts while we list is in both, one in neither would be missed.
                let events = try await session.client.events(filters: filters)
                for container in try await session.client.containers(all: all) {
                    try await add(Identifier.short(container.id), board, &group)
                }
                group.addTask { try await draw(board) }
                for try await event in events { try await take(event, board, &group) }
            } else {
                for name in names {
                    _ = try await session.client.inspectContainer(name)
                    try await add(name, board, &group)
                }
                group.addTask { try await draw(board) }
            }
            try await group.waitForAll()
        }
    }

    private func take(_ event: EventMessage, _ board: UsageBoard, _ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        let id = Identifier.short(event.actor.id)
        switch event.action {
        case "start": try await add(id, board, &group)
        case "create" where all: try await add(id, board, &group)
        case "die" where !all: await board.remove(id)
        case "destroy": await board.remove(id)
        default: break
        }
    }

    private func add(_ container: String, _ board: UsageBoard, _ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        guard await board.add(container, id: container, name: "") else { return }
        group.addTask {
            do {
                for try await stats in try await session.client.stats(of: container, stream: true) {
                    await board.update(ContainerUsage(container: container, stats))
                }
            } catch is GantryError {
                // It went; its row says so until an event removes it.
                var usage = ContainerUsage(container: container, id: container)
                usage.isUnknown = true
                await board.update(usage)
            }
        }
    }

    /// Never ends by itself unless the containers that were named are all gone.
    private func draw(_ board: UsageBoard) async throws {
        while true {
            let text = try view.render(await board.rows, format: format)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { $0 + "\u{1B}[K\n" }
            session.console.text("\u{1B}[H" + lines.joined() + "\u{1B}[J")
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
