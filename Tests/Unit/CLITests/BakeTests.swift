import DockerAPI
import Essentials
import Testing

@testable import CLI

@Suite("Bake") struct BakeTests {
    private func plan(_ text: String, _ names: [String] = [], _ settings: [String] = []) throws -> BakePlan {
        try BakePlan(try BakeFile(Array(text.utf8), name: "f", environment: [:]), names: names, settings: settings)
    }

    @Test func patterns() {
        #expect(BakePlan.matches("web-app", "web-app") && BakePlan.matches("web-app", "*") && BakePlan.matches("web-app", "w*-*p"))
        #expect(!BakePlan.matches("web", "we") && !BakePlan.matches("web", "*x") && !BakePlan.matches("a", "a*a"))
    }

    @Test func variables() throws {
        #expect(try BakeFile.expanded("a ${X}$${X} ${ Y }", ["X": "1", "Y": "2"]) == "a 1${X} 2")
        #expect(throws: GantryError.self) { try BakeFile.expanded("${X", ["X": "1"]) }
    }

    @Test func laterParentsGoFirst() throws {
        let text =
            #"{"target":{"a":{"args":{"x":"a","y":"a"}},"b":{"args":{"x":"b"},"tags":["b"]},"c":{"inherits":["a","b"],"args":{"z":"c"}}}}"#
        let target = try plan(text, ["c"]).targets["c"]
        #expect(target?.map("args") == ["x": "b", "y": "a", "z": "c"] && target?.list("tags") == ["b"])
    }

    @Test func words() throws {
        let text =
            #"{"target":{"a":{"context":"dir/","args":{"X":"1","E":null},"contexts":{"o":"target:b","r":"https://x"},"tags":["t"],"shm-size":"1m"},"b":{}}}"#
        let plan = try plan(text, ["a"])
        #expect(plan.wanted == ["a"] && plan.targets.keys.sorted() == ["a", "b"])
        let target = try #require(plan.targets["a"])
        let words = BakeWords(target, isWanted: true)
        #expect(
            words.words == [
                "--build-arg=E", "--build-arg=X=1", "--build-context=r=https://x", "--tag=t", "--shm-size=1m",
                "--file=dir/Dockerfile", "--",
                "dir/",
            ])
        #expect(words.targetContexts == ["o": "b"])
        #expect(!BakeWords(target, isWanted: false).words.contains("--tag=t"))
    }

    @Test func settingsOfLists() throws {
        let text = #"{"target":{"a":{"tags":["x"],"platforms":["linux/amd64"]}}}"#
        let target = try plan(text, ["a"], ["a.tags+=y", "a.platform=linux/arm64", "*.platform=linux/386"]).targets["a"]
        #expect(target?.list("tags") == ["x", "y"] && target?.list("platforms") == ["linux/arm64", "linux/386"])
    }
}

@Suite("Exports") struct ExportFlagTests {
    @Test func outputOptions() throws {
        let output = try BuildOutput(
            "type=registry,name=a/b:1,compression=zstd,compression-level=5,oci-mediatypes=true,annotation.Key=v")
        #expect(
            output.pushes && output.names == ["a/b:1"] && output.form.compression == "zstd" && output.form.compressionLevel == 5)
        #expect(output.form.annotations?.map(\.key) == ["Key"] && output.form.usesOCITypes == true)
    }

    @Test func annotations() throws {
        let found = try BuildAdditions.Annotation.parse("index,manifest[linux/arm64]:a.b=c=d")
        #expect(found.map(\.place) == ["index", "manifest"] && found.map(\.platform) == [nil, "linux/arm64"])
        #expect(found.allSatisfy { $0.key == "a.b" && $0.value == "c=d" })
        #expect(try BuildAdditions.Annotation.parse("k=https://x").map(\.place) == ["manifest"])
        #expect(throws: UsageError.self) { try BuildAdditions.Annotation.parse("nothing") }
    }

    @Test func attestations() throws {
        var flags = BuildExportFlags()
        flags.attest = ["type=provenance,mode=max", "type=sbom"]
        flags.provenance = nil
        flags.sbom = "false"
        #expect(try flags.attestations().map(\.kind) == ["provenance"])
        flags.provenance = "mode=min,version=v1"
        #expect(try flags.attestations().first?.version == "v1")
    }

    @Test func rebuildsNeedWhatIsNotRecorded() throws {
        var recipe = BuildRecipeBody(dockerfile: "FROM x\n", dockerfileName: "sub/Dockerfile")
        recipe.platform = "linux/amd64"
        recipe.contextPath = "/c"
        recipe.agents = ["default"]
        func words(_ agents: [String]) throws -> [String] {
            try RebuildArguments(recipe: recipe, context: nil, secrets: [], agents: agents, contexts: []).words
        }
        #expect(throws: GantryError.self) { try words([]) }
        #expect(
            try words(["default=/key"]) == [
                "--no-cache", "--platform=linux/amd64", "--ssh=default=/key", "--file=sub/Dockerfile", "/c",
            ])
    }
}
