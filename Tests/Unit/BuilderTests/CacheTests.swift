import BuildGraph
import Builder
import Essentials
import Foundation
import LinuxSystem
import Testing

@Suite("Build cache")
struct CacheTests {
    private let dockerfile = "FROM busybox\nARG V=1\nENV A=1\nCOPY requirements.txt app.py /app/\nRUN pip install\nCMD [\"x\"]\n"

    private func ready() async throws -> BuildRun {
        let run = try BuildRun()
        try run.context(["requirements.txt": "a", "app.py": "b", "other": "c"])
        try await run.build(dockerfile)
        #expect(run.cached.isEmpty)
        #expect(run.explanations == ["first build of this step", "first build of this step"])
        return run
    }

    @Test("the same build comes from the cache and gives the same image")
    func same() async throws {
        let run = try await ready()
        let first = run.worker.images[0]
        let second = try await run.build(dockerfile)
        #expect(run.cached == [4, 5])
        #expect(run.explanations.isEmpty)
        #expect(first == second)
    }

    @Test("a file's time does not matter, another file neither")
    func times() async throws {
        let run = try await ready()
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: "\(run.worker.contextPath)/app.py")
        try run.context(["other": "changed"])
        try await run.build(dockerfile)
        #expect(run.cached == [4, 5])
    }

    @Test("content and mode do, and the explanation names the file")
    func content() async throws {
        let run = try await ready()
        try run.context(["requirements.txt": "a2"])
        try await run.build(dockerfile)
        #expect(run.cached.isEmpty)
        #expect(
            run.explanations == [
                "COPY requirements.txt app.py /app/: requirements.txt changed (1 B ca978112ca1b → 2 B 2c3a4249d770)",
                "RUN pip install: its parent changed (step 4)",
            ])
        chmod("\(run.worker.contextPath)/app.py", 0o755)
        try await run.build(dockerfile)
        #expect(run.explanations.first == "COPY requirements.txt app.py /app/: app.py changed (mode 100644 → 100755)")
    }

    @Test("a variable changes later RUNs but not COPY")
    func environment() async throws {
        let run = try await ready()
        try await run.build(dockerfile.replacingOccurrences(of: "A=1", with: "A=2"))
        #expect(run.cached == [4])
        #expect(run.explanations == ["ENV A: was 1, is 2"])
        try await run.build(dockerfile) { $0.buildArguments = ["V": "2"] }
        #expect(run.explanations == ["ARG V: was 1, is 2"])
        try await run.build(dockerfile) { $0.buildArguments = ["HTTP_PROXY": "http://p:1"] }
        #expect(run.cached == [4, 5])
    }

    @Test("--no-cache is said")
    func noCache() async throws {
        let run = try await ready()
        try await run.build(dockerfile) { $0.noCache = true }
        #expect(run.cached.isEmpty && run.explanations == ["--no-cache", "--no-cache"])
    }

    @Test("an upstream rebuild with equal files still hits")
    func upstream() async throws {
        let run = try BuildRun()
        try run.context(["a": "1", "b": "1"])
        let text = "FROM busybox AS one\nCOPY a b /src/\nFROM busybox\nCOPY --from=one /src/a /a\n"
        try await run.build(text)
        try run.context(["b": "2"])
        try await run.build(text)
        #expect(run.cached == [4])
    }

    @Test("layers that are gone are made again")
    func lost() async throws {
        let run = try await ready()
        for step in try run.cache.all() { try FileSystem.removeTree("\(run.worker.root)/chains/\(step.chainID.dropFirst(7))") }
        try await run.build(dockerfile)
        #expect(run.cached.isEmpty)
    }
}
