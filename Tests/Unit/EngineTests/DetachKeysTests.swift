import Essentials
import Testing

@testable import Engine

@Suite struct DetachKeysTests {
    @Test func findsTheDefaultSequenceAcrossWrites() throws {
        var keys = try DetachKeys(nil)
        #expect(keys.filter([97, 16]).passed == [97])
        let end = keys.filter([17, 98])
        #expect(end.detached)
        #expect(end.passed.isEmpty)
    }

    @Test func passesOnWhatOnlyBegan() throws {
        var keys = try DetachKeys(nil)
        let (passed, detached) = keys.filter([16, 98, 16, 16, 17])
        #expect(passed == [16, 98, 16])
        #expect(detached)
    }

    @Test func emptyTextMeansNoSequence() throws {
        var keys = try DetachKeys("")
        #expect(keys.filter([16, 17]).passed == [16, 17])
    }

    @Test(arguments: ["ctrl-", "ctrl-1", "ab", "a,,b", "ctrl-p,"])
    func refuses(text: String) { #expect(throws: GantryError.self) { try DetachKeys(text) } }

    @Test func takesLettersAndControlKeys() throws {
        var keys = try DetachKeys("q,ctrl-[,ctrl-A")
        #expect(keys.filter([113, 27, 1]).detached)
    }
}
