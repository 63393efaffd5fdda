import Testing

@testable import Engine

@Suite struct StartOrderTests {
    @Test func whoIsNeededComesFirst() {
        #expect(StartOrder.of(["a", "b", "c"], needs: [:]) == ["a", "b", "c"])
        #expect(StartOrder.of(["a", "b", "c"], needs: ["a": ["c"], "c": ["b"]]) == ["b", "c", "a"])
        #expect(StartOrder.of(["a", "b"], needs: ["a": ["not-to-start"]]) == ["a", "b"])
    }

    @Test func aCircleIsNoReasonToStop() {
        #expect(StartOrder.of(["a", "b"], needs: ["a": ["b"], "b": ["a"]]) == ["b", "a"])
        #expect(StartOrder.of(["a"], needs: ["a": ["a"]]) == ["a"])
    }
}
