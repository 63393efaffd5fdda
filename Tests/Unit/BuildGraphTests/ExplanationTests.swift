import BuildGraph
import Essentials
import GRDB
import Testing

@Suite("Keys, cache and explanations")
struct ExplanationTests {
    private let place = StepKey.Place(scope: "app", stage: "stage-0", position: 3, keyword: "COPY")

    private func key(_ ingredients: [Ingredient], description: String = "COPY requirements.txt .", parentStep: Int? = 3) -> StepKey
    {
        StepKey(place: place, description: description, ingredients: ingredients, parentStep: parentStep)
    }

    private func cache() throws -> StepCache {
        let queue = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        StepCache.registerMigrations(&migrator)
        try migrator.migrate(queue)
        return StepCache(database: queue)
    }

    private let base: [Ingredient] = [
        Ingredient(.parent, "layers", "sha256:1"), Ingredient(.instruction, "COPY", "x"),
        Ingredient(.file, "requirements.txt", "aaa"),
        Ingredient(.environment, "A", "1"), Ingredient(.argument, "V", "1"),
    ]

    private func sentences(_ change: (inout [Ingredient]) -> Void) throws -> [String] {
        let cache = try cache()
        try cache.store(CachedStep(key: key(base), chainID: "c", diffID: "d", size: 1, now: .now()))
        var changed = base
        change(&changed)
        let missed = key(changed)
        return MissExplanation.sentences(missed, earlier: try cache.relatives(of: place, description: missed.description))
    }

    @Test("every ingredient counts, the place does not")
    func digests() {
        let other = StepKey(
            place: StepKey.Place(scope: "b", stage: "x", position: 9, keyword: "COPY"), description: "y", ingredients: base,
            parentStep: 7)
        #expect(key(base).digest == other.digest)
        for index in base.indices {
            var changed = base
            changed[index].value += "!"
            #expect(key(changed).digest != key(base).digest)
        }
        #expect(key([Ingredient(.flag, "a", "bc")]).digest != key([Ingredient(.flag, "ab", "c")]).digest)
    }

    @Test("says which file changed, came or went")
    func files() throws {
        #expect(try sentences { $0[2].value = "bbb" } == ["COPY requirements.txt .: requirements.txt changed"])
        #expect(try sentences { $0.append(Ingredient(.file, "new", "1")) } == ["COPY requirements.txt .: new was added"])
        #expect(try sentences { $0.remove(at: 2) } == ["COPY requirements.txt .: requirements.txt was removed"])
    }

    @Test("says which variable changed")
    func variables() throws {
        #expect(try sentences { $0[3].value = "2" } == ["ENV A: was 1, is 2"])
        #expect(try sentences { $0[4].value = "2" } == ["ARG V: was 1, is 2"])
        #expect(try sentences { $0.removeLast() } == ["ARG V: was 1, is gone"])
    }

    @Test("says that the parent changed, and which step that is")
    func parent() throws {
        #expect(try sentences { $0[0].value = "sha256:2" } == ["COPY requirements.txt .: its parent changed (step 3)"])
    }

    @Test("knows a first build")
    func first() throws {
        #expect(MissExplanation.sentences(key(base), earlier: []) == ["first build of this step"])
        #expect(try cache().relatives(of: place, description: "COPY").isEmpty)
    }

    @Test("remembers what was stored")
    func store() throws {
        let cache = try cache()
        let stored = CachedStep(key: key(base), chainID: "c", diffID: "d", size: 7, now: Timestamp(seconds: 5))
        try cache.store(stored)
        #expect(try cache.step(stored.key) == stored)
        try cache.use(stored.key, now: Timestamp(seconds: 9))
        let used = try #require(try cache.all().first)
        #expect(used.useCount == 1 && used.lastUsedAt == Timestamp(seconds: 9))
        try cache.remove([stored.key])
        #expect(try cache.step(stored.key) == nil)
    }
}
