import BuildGraph
import Testing

@Suite("Turns") struct StepTurnsTests {
    @Test func oneAtATime() async throws {
        let turns = StepTurns()
        try await turns.take("a")
        try await turns.take("b")
        let second = Task { try await turns.take("a") }
        await turns.give("b")
        await turns.give("a")
        try await second.value
        await turns.give("a")
        try await turns.take("a")
    }

    @Test func waitingCanBeCancelled() async throws {
        let turns = StepTurns()
        try await turns.take("a")
        let second = Task { try await turns.take("a") }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        // The cancelled one does not get the turn.
        await turns.give("a")
        try await turns.take("a")
    }
}
