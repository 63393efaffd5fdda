import DockerAPI
import Testing

@testable import CLI

@Suite("Build progress") struct BuildPresenterTests {
    private func event(
        _ kind: BuildEventMessage.Kind, _ id: Int? = nil, _ change: (inout BuildEventMessage) -> Void = { _ in }
    )
        -> BuildEventMessage
    {
        var event = BuildEventMessage(kind)
        event.stepID = id
        change(&event)
        return event
    }

    private func started(_ id: Int, _ name: String, _ index: Int, stage: String? = nil) -> BuildEventMessage {
        event(.stepStarted, id) {
            $0.name = name
            $0.index = index
            $0.total = 3
            $0.stage = stage
        }
    }

    @Test("plain lines")
    func plain() {
        var view = BuildPresenter(style: .plain)
        var text = view.apply(started(0, "FROM busybox", 1), at: 0)
        text += view.apply(event(.stepCached, 0), at: 0)
        text += view.apply(started(1, "RUN make", 2), at: 0.5)
        text += view.apply(event(.explanation, 1) { $0.text = "main.c changed" }, at: 0.5)
        text += view.apply(event(.output, 1) { $0.text = "cc ma" }, at: 0.6)
        text += view.apply(event(.output, 1) { $0.text = "in.c\r\nlinking\nrest" }, at: 0.623)
        text += view.apply(event(.stepFinished, 1) { $0.durationMs = 340 }, at: 0.84)
        text += view.apply(event(.finished) { $0.digest = "sha256:12" }, at: 0.9)
        text += view.apply(event(.tagged) { $0.tag = "docker.io/library/x:1" }, at: 0.9)
        text += view.close(at: 0.9)
        #expect(
            text == """
                #1 [1/3] FROM busybox
                #1 CACHED

                #2 [2/3] RUN make
                #2 rebuilt because: main.c changed
                #2 0.123 cc main.c
                #2 0.123 linking
                #2 0.340 rest
                #2 DONE 0.3s

                #3 exporting to image
                #3 writing image sha256:12
                #3 naming to docker.io/library/x:1
                #3 DONE 0.0s

                """)
        #expect(view.imageID == "sha256:12")
        #expect(view.failureReport == "")
    }

    @Test("steps that run at once take turns")
    func turns() {
        var view = BuildPresenter(style: .plain)
        var text = view.apply(started(0, "RUN a", 1, stage: "one"), at: 0)
        text += view.apply(started(1, "RUN b", 1, stage: "two"), at: 0)
        text += view.apply(event(.output, 0) { $0.text = "x\n" }, at: 1)
        text += view.apply(event(.stepFinished, 1) { $0.durationMs = 2000 }, at: 2)
        #expect(
            text == """
                #1 [one 1/3] RUN a
                #1 ...

                #2 [two 1/3] RUN b
                #2 ...

                #1 1.000 x
                #1 ...

                #2 DONE 2.0s

                """)
    }

    @Test("a failure shows the last output, the place and the message")
    func failure() {
        var view = BuildPresenter(style: .plain)
        _ = view.apply(started(4, "RUN echo no; exit 5", 2), at: 0)
        _ = view.apply(event(.output, 4) { $0.text = "no\n" }, at: 0.132)
        var failure = BuildEventMessage.Failure(
            message: "process \"/bin/sh -c echo no; exit 5\" did not complete successfully: exit code: 5")
        failure.excerpt = "Dockerfile:2\n--------------------\n   2 | >>> RUN echo no; exit 5\n--------------------\n"
        let end = view.apply(event(.stepFailed, 4) { $0.error = failure }, at: 0.2)
        #expect(end == "#1 ERROR: \(failure.message)\n")
        _ = view.apply(event(.failed) { $0.error = failure }, at: 0.2)
        #expect(
            view.failureReport == """
                ------
                 > [2/3] RUN echo no; exit 5:
                0.132 no
                ------
                Dockerfile:2
                --------------------
                   2 | >>> RUN echo no; exit 5
                --------------------
                ERROR: failed to solve: process "/bin/sh -c echo no; exit 5" did not complete successfully: exit code: 5

                """)
    }

    @Test("the live view shows running steps with their last output")
    func live() {
        var view = BuildPresenter(style: .live)
        _ = view.apply(event(.plan) { $0.total = 3 }, at: 0)
        _ = view.apply(started(0, "FROM busybox", 1), at: 0)
        _ = view.apply(event(.stepCached, 0) { $0.durationMs = 0 }, at: 0)
        _ = view.apply(started(1, "RUN make", 2), at: 0.2)
        _ = view.apply(event(.explanation, 1) { $0.text = "a changed" }, at: 0.2)
        for line in 1...8 { _ = view.apply(event(.output, 1) { $0.text = "line \(line)\n" }, at: 0.3) }
        _ = view.apply(event(.output, 1) { $0.text = "10%\r20%" }, at: 0.3)
        let lines = view.lines(now: 1.26, columns: 40)
        #expect(
            lines.map(\.text) == [
                "[+] Building 1.3s (1/3)",
                " => CACHED [1/3] FROM busybox       0.0s",
                " => [2/3] RUN make                  1.1s",
                " => => rebuilt because: a changed",
                " => => # line 4", " => => # line 5", " => => # line 6", " => => # line 7", " => => # line 8", " => => # 20%",
            ])
        _ = view.apply(event(.stepFinished, 1) { $0.durationMs = 1100 }, at: 1.3)
        _ = view.apply(event(.finished) { $0.digest = "sha256:1" }, at: 1.3)
        _ = view.close(at: 1.3)
        #expect(view.lines(now: 1.3, columns: 40).first?.text == "[+] Building 1.3s (3/3) FINISHED")
    }
}
