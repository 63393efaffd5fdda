import BuildGraph
import Synchronization
import Testing

@Suite("Solver")
struct SolverTests {
    @Test("makes each vertex once")
    func once() async throws {
        let solver = Solver<Int, Int>()
        let made = Atomic(0)
        let results = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await solver.value(of: 1) {
                        made.add(1, ordering: .relaxed)
                        await Task.yield()
                        return 42
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results == Array(repeating: 42, count: 20))
        #expect(made.load(ordering: .relaxed) == 1)
    }

    @Test("cancelling ends what is under way")
    func cancelling() async throws {
        let solver = Solver<Int, Int>()
        let slots = WorkSlots(1)
        async let first = solver.value(of: 1) {
            try await slots.run {
                try await Task.sleep(for: .seconds(3600))
                return 1
            }
        }
        async let second = solver.value(of: 2) { try await slots.run { 2 } }
        await Task.yield()
        await solver.cancel()
        await #expect(throws: CancellationError.self) { try await first }
        // The second may have had the slot first.
        let other = try? await second
        #expect(other == nil || other == 2)
    }

    @Test("no more work than slots")
    func slots() async throws {
        let slots = WorkSlots(2)
        let running = Atomic(0)
        let most = Atomic(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await slots.run {
                        let now = running.add(1, ordering: .relaxed).newValue
                        most.max(now, ordering: .relaxed)
                        await Task.yield()
                        running.subtract(1, ordering: .relaxed)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(most.load(ordering: .relaxed) <= 2)
    }
}
