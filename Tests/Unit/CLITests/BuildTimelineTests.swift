import DockerAPI
import Testing

@testable import CLI

@Suite("Timelines of builds")
struct BuildTimelineTests {
    private func step(_ id: Int, _ name: String, _ stage: String, _ start: Int64, _ end: Int64) -> BuildRecordBody.Step {
        var step = BuildRecordBody.Step(id: id, name: name, stage: stage, startedMs: start)
        step.endedMs = end
        step.state = "done"
        return step
    }

    @Test("what waited for what; text cannot end an element")
    func waits() {
        var build = BuildRecordBody(id: "0123456789abcdef", name: "<x>&\"", startedAt: "2026-01-01T00:00:00Z")
        build.steps = [
            step(1, "FROM busybox AS tools", "tools", 0, 10), step(2, "RUN make", "tools", 10, 100),
            step(3, "FROM busybox", "stage-1", 0, 10), step(4, "COPY --from=tools /a /a", "stage-1", 100, 120),
            step(5, "RUN --mount=type=bind,from=tools,target=/t true", "stage-1", 120, 130),
        ]
        let timeline = BuildTimeline(build: build)
        #expect(timeline.waits.map { [$0.from, $0.to] } == [[1, 3], [1, 4]])
        #expect(timeline.svg.contains("&lt;x&gt;&amp;&quot;") && !timeline.svg.contains("<x>"))
        #expect(timeline.svg.hasSuffix("</svg>\n"))
    }
}
