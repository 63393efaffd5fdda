import Testing

@testable import CLI

@Suite("Transfer view") struct TransferViewTests {
    @Test("bars as docker draws them, narrower where the terminal is")
    func bars() {
        #expect(ProgressBar(current: 0, total: 0).text(width: 100) == "")
        #expect(ProgressBar(current: 5000, total: 0).text(width: 100) == "     5kB")
        #expect(
            ProgressBar(current: 1_200_000, total: 2_400_000).text(width: 100)
                == "[=========================>                         ]    1.2MB/2.4MB")
        #expect(ProgressBar(current: 50, total: 100).text(width: 34) == "[========>         ]      50B/100B")
        #expect(ProgressBar(current: 50, total: 100).text(width: 20) == "     50B/100B")
        #expect(ProgressBar(current: 200, total: 100).text(width: 100).hasSuffix("]     200B"))
    }

    @Test("layers keep their row; a message without id ends the block")
    func rows() {
        var view = TransferView()
        #expect(view.apply(.init(id: "latest", status: "Pulling from library/x")) == .rows(settled: true))
        #expect(view.apply(.init(id: "aaa", status: "Pulling fs layer")) == .rows(settled: true))
        #expect(view.apply(.init(id: "bbb", status: "Waiting")) == .rows(settled: true))
        let bar = ProgressBar(current: 1, total: 2)
        #expect(view.apply(.init(id: "aaa", status: "Downloading", bar: bar)) == .rows(settled: true))
        #expect(view.apply(.init(id: "aaa", status: "Downloading", bar: bar)) == .rows(settled: false))
        #expect(
            view.lines(width: 40) == [
                "latest: Pulling from library/x", "aaa: Downloading       1B/2B", "bbb: Waiting",
            ])
        #expect(view.apply(.init(status: "Digest: sha256:1")) == .text("Digest: sha256:1\n"))
        view.startBlock()
        #expect(view.lines(width: 40).isEmpty)
    }

    @Test("without a terminal only changes of state are told")
    func plain() {
        #expect(TransferView.plain(.init(id: "a", status: "Pulling fs layer")) == "a: Pulling fs layer\n")
        #expect(TransferView.plain(.init(id: "a", status: "Downloading", bar: .init(current: 1, total: 3))) == nil)
        #expect(TransferView.plain(.init(status: "Status: done")) == "Status: done\n")
        #expect(TransferView.plain(.init(status: "", stream: "Loaded image: x\n")) == "Loaded image: x\n")
    }
}

@Suite("Live region") struct LiveRegionTests {
    @Test("redraws over what it drew and clears what is gone")
    func redraw() {
        var region = LiveRegion(colour: false)
        let size = LiveRegion.Size(columns: 10, rows: 24)
        #expect(region.frame(["one", "two"], size: size) == "one\u{1B}[K\ntwo\u{1B}[K\n")
        #expect(region.frame(["three"], size: size) == "\u{1B}[2A\rthree\u{1B}[K\n\u{1B}[J")
        #expect(region.settle(["four", "five"], size: size) == "\u{1B}[1A\r\u{1B}[Jfour\nfive\n")
        #expect(region.frame(["six"], size: size) == "six\u{1B}[K\n")
    }

    @Test("never draws more than the terminal holds")
    func small() {
        var region = LiveRegion(colour: true)
        let text = region.frame(["a", "b", "c", LiveLine("done!", .done)], size: .init(columns: 3, rows: 3))
        #expect(text == "c\u{1B}[K\n\u{1B}[34mdon\u{1B}[0m\u{1B}[K\n")
    }

    @Test("control characters do not reach the terminal; wide characters count twice")
    func clipping() {
        #expect(LiveLine.clip("a\u{1B}[31mb\tc", to: 80) == "a[31mb c")
        #expect(LiveLine.clip("日本語", to: 5) == "日本")
    }
}
