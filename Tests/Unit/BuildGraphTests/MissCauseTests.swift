import BuildGraph
import Essentials
import Testing

@Suite("Causes of misses")
struct MissCauseTests {
    private func key(_ file: String) -> StepKey {
        let digits = String(repeating: file, count: 64)
        return StepKey(
            place: .init(scope: "s", stage: "a", position: 1, keyword: "COPY"), description: "COPY . .",
            ingredients: [Ingredient(.file, "main.c", "100644 0:0 0 12 \(digits)")])
    }

    @Test("a changed file is told with size and digest, old and new")
    func file() {
        let old = CachedStep(key: key("a"), chainID: "", diffID: "", size: 0, now: Timestamp(seconds: 1))
        let cause = MissExplanation.causes(key("b"), earlier: [old])
        #expect(cause.count == 1 && cause[0].kind == "file" && cause[0].name == "main.c")
        #expect(cause[0].text == "COPY . .: main.c changed (12 B aaaaaaaaaaaa → 12 B bbbbbbbbbbbb)")
        #expect(cause[0].old?.hasSuffix("aaaa") == true && cause[0].new?.hasSuffix("bbbb") == true)
    }

    @Test("nothing to compare with")
    func first() { #expect(MissExplanation.causes(key("a"), earlier: []).map(\.kind) == ["first"]) }
}
