import Essentials
import Testing

@testable import Engine

@Suite struct LogLineTests {
    private func parse(_ text: String) -> LogEntry? { LogLine.parse(Array(text.utf8)[...]) }

    @Test func readsText() throws {
        let entry = try #require(
            parse(#"{"log":"a\tb\"\\ \u00e9\ud83d\ude00\n","stream":"stderr","time":"2026-01-02T03:04:05.000000006Z"}"#))
        #expect(String(decoding: entry.bytes, as: UTF8.self) == "a\tb\"\\ é😀\n")
        #expect(entry.kind == .stderr)
        #expect(entry.time.rfc3339 == "2026-01-02T03:04:05.000000006Z")
    }

    @Test func readsAttributes() throws {
        let entry = try #require(parse(#"{"log":"x","stream":"stdout","attrs":{"a":"1","b":"2"},"time":"2026-01-02T03:04:05Z"}"#))
        #expect(entry.attributes == ["a": "1", "b": "2"])
    }

    @Test(arguments: [
        "", "{", #"{"log":"abc"#, #"{"log":"a\"#, #"{"log":"a","stream":"stdout","time":"never"}"#, "garbage", #"{"log":"a\u12"}"#,
    ])
    func leavesTornLinesOut(text: String) { #expect(parse(text) == nil) }
}
