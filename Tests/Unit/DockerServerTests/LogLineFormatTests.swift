import Engine
import Essentials
import Testing

@testable import DockerServer

@Suite struct LogLineFormatTests {
    private var batch: LogBatch {
        var batch = LogBatch()
        batch.attributes = [["b": "2 3", "a/": "1"]]
        batch.append(.stdout, Timestamp(nanoseconds: 1_500_000_000), "out\n".utf8, attributes: 0)
        batch.append(.stderr, Timestamp(seconds: 2), "err\n".utf8)
        return batch
    }

    private func text(_ format: LogLineFormat) -> String { String(decoding: format.bytes(of: batch), as: UTF8.self) }

    @Test func raw() {
        #expect(text(LogLineFormat(multiplexed: false, timestamps: false, details: false)) == "out\nerr\n")
        #expect(
            text(LogLineFormat(multiplexed: false, timestamps: true, details: true))
                == "1970-01-01T00:00:01.500000000Z a%2F=1,b=2+3 out\n1970-01-01T00:00:02.000000000Z  err\n")
    }

    @Test func oneFrameForEachLine() {
        #expect(
            text(LogLineFormat(multiplexed: true, timestamps: false, details: false))
                == "\u{1}\0\0\0\0\0\0\u{4}out\n\u{2}\0\0\0\0\0\0\u{4}err\n")
        #expect(
            text(LogLineFormat(multiplexed: true, timestamps: false, details: true))
                == "\u{1}\0\0\0\0\0\0\u{11}a%2F=1,b=2+3 out\n\u{2}\0\0\0\0\0\0\u{5} err\n")
    }
}
