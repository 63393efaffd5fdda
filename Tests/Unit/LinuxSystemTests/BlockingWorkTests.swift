import LinuxSystem
import Synchronization
import Testing

struct BlockingWorkTests {
    private struct Failure: Error, Equatable { let number: Int }

    @Test func resultsComeInTheOrderOfTheItems() throws {
        #expect(try BlockingWork.map(Array(0..<1000)) { $0 * 2 } == Array(0..<1000).map { $0 * 2 })
        #expect(try BlockingWork.map([Int]()) { $0 } == [])
    }

    @Test func theFirstErrorEndsTheWork() throws {
        let done = Mutex(0)
        #expect(throws: Failure(number: 3)) {
            try BlockingWork.forEach(Array(0..<2_000_000)) { number in
                if number == 3 { throw Failure(number: 3) }
                done.withLock { $0 += 1 }
            }
        }
        #expect(done.withLock { $0 } < 1_999_999)
    }
}
