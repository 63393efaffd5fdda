import Essentials
import GRDB
import Logging
import Testing

@testable import Engine

@Suite struct EventLogTests {
    private func database() throws -> DatabaseQueue {
        let database = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        EventLog.registerMigrations(&migrator)
        try migrator.migrate(database)
        return database
    }

    private func log(_ database: DatabaseQueue) -> EventLog { EventLog(database: database, logger: Logger(label: "test")) }

    private func collect(_ stream: AsyncStream<EngineEvent>) async -> [String] {
        var result: [String] = []
        for await event in stream { result.append(event.actorID) }
        return result
    }

    @Test func thePastOutlivesTheDaemon() async throws {
        let database = try database()
        let first = log(database)
        let before = Timestamp.now()
        for name in ["a", "b", "c"] { first.publish("container", "start", actor: name) }
        first.writeBatches()
        // A new daemon has published nothing yet.
        let second = log(database)
        #expect(await collect(try second.stream(since: before, until: .now())) == ["a", "b", "c"])
        #expect(await collect(try second.stream(since: .now(), until: .now())) == [])
    }

    @Test func pastAndLiveMeetWithoutGapOrRepetition() async throws {
        let log = log(try database())
        let before = Timestamp.now()
        let publisher = Task.detached {
            for number in 0..<3000 { log.publish("container", "start", actor: "\(number)") }
        }
        var seen: [String] = []
        for await event in try log.stream(since: before, until: nil) {
            seen.append(event.actorID)
            if event.actorID == "2999" { break }
        }
        await publisher.value
        #expect(seen == (0..<3000).map(String.init))
        log.writeBatches()
    }

    @Test func theNumberIsBounded() async throws {
        let database = try database()
        let log = log(database)
        for number in 0..<(EventLog.capacity + 50) { log.publish("container", "start", actor: "\(number)") }
        log.writeBatches()
        let count = try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM engineEvent") }
        #expect(count == EventLog.capacity)
    }

    @Test func aStreamEndsAtItsTime() async throws {
        let log = log(try database())
        let stream = try log.stream(since: nil, until: Timestamp(nanoseconds: Timestamp.now().nanoseconds + 50_000_000))
        log.publish("container", "start", actor: "a")
        #expect(await collect(stream) == ["a"])
        #expect(log.listenerCount == 0)
        log.writeBatches()
    }
}

@Suite struct EventFilterTests {
    private let event = EngineEvent(
        type: "container", action: "health_status: healthy", actorID: "abcdef",
        attributes: ["name": "web", "image": "busybox:1", "k": "v"],
        time: Timestamp(seconds: 0))

    @Test(arguments: [
        ["type": ["container"]], ["event": ["health_status"]], ["container": ["we"]], ["container": ["abc"]],
        ["image": ["busybox"]],
        ["label": ["k=v"]], ["label": ["k"]], ["scope": ["local"]], ["nosuch": ["x"]], ["type": ["image", "container"]],
    ])
    func admits(filters: [String: [String]]) { #expect(EventFilter(filters).admits(event)) }

    @Test(arguments: [
        ["type": ["image"]], ["event": ["die"]], ["container": ["db"]], ["image": ["busy"]], ["label": ["k=w"]],
        ["scope": ["swarm"]],
        ["network": ["web"]], ["volume": ["abc"]], ["daemon": ["x"]],
    ])
    func refuses(filters: [String: [String]]) { #expect(!EventFilter(filters).admits(event)) }
}
