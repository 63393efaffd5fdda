import Dispatch
import Testing

@testable import EngineClient

@Suite struct UploadPipeTests {
    @Test func piecesComeInOrder() async throws {
        let pipe = UploadPipe.start(depth: 2) { pipe in
            for number in 0..<100 { try pipe.send([UInt8(number)]) }
        }
        var result: [UInt8] = []
        for try await piece in pipe.body { result += piece }
        #expect(result == Array(0..<100))
    }

    /// A request that fails early leaves pieces in the pipe; it goes with them.
    @Test func leftoversGoWithThePipe() async {
        let sent = DispatchSemaphore(value: 0)
        weak var watched: UploadPipe?
        do {
            let pipe = UploadPipe.start(depth: 4) { pipe in
                for _ in 0..<3 { try pipe.send([1]) }
                sent.signal()
            }
            watched = pipe
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    sent.wait()
                    continuation.resume()
                }
            }
        }
        while watched != nil { await Task.yield() }
    }

    @Test func aClosedPipeStopsItsProducer() async {
        let stopped = AsyncStream<Bool>.makeStream()
        let pipe = UploadPipe.start(depth: 1) { pipe in
            do {
                while true { try pipe.send([1]) }
            } catch {
                stopped.continuation.yield(error is UploadPipe.Closed)
                stopped.continuation.finish()
            }
        }
        pipe.close()
        var result: [Bool] = []
        for await value in stopped.stream { result.append(value) }
        #expect(result == [true])
    }
}
