import BuildGraph
import Synchronization
import Testing

/// A number that tasks share.
private final class Counter: Sendable {
    let value = Atomic(0)
}

@Suite("Solver")
struct SolverTests {
    @Test("makes each vertex once")
    func once() async throws {
        let solver = Solver<Int, Int>()
        let made = Counter()
        let results = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await solver.value(of: 1) {
                        made.value.add(1, ordering: .relaxed)
                        await Task.yield()
                        return 42
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results == Array(repeating: 42, count: 20))
        #expect(made.value.load(ordering: .relaxed) == 1)
    }

    @Test("cancelling ends what is under way")
    func cancelling() async throws {
        let solver = Solver<Int, Int>()
        let slots = WorkSlots(1)
        let first = Task {
            try await solver.value(of: 1) {
                try await slots.run {
                    try await Task.sleep(for: .seconds(3600))
                    return 1
                }
            }
        }
        let second = Task { try await solver.value(of: 2) { try await slots.run { 2 } } }
        await Task.yield()
        await solver.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        // The second may have had the slot first.
        let other = try? await second.value
        #expect(other == nil || other == 2)
    }

    @Test("no more work than slots")
    func slots() async throws {
        let slots = WorkSlots(2)
        let running = Counter()
        let most = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await slots.run {
                        let now = running.value.add(1, ordering: .relaxed).newValue
                        most.value.max(now, ordering: .relaxed)
                        await Task.yield()
                        running.value.subtract(1, ordering: .relaxed)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(most.value.load(ordering: .relaxed) <= 2)
    }
}
