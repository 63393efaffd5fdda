import DockerAPI
import Essentials
import OCI
import Testing

@testable import CLI

@Suite("places of caches")
struct CacheMountPlaceTests {
    @Test(arguments: [
        "registry.example/team/cache:go", "localhost:5000/cache", "localhost/cache", "127.0.0.1:5000/a/b",
    ])
    func registries(text: String) throws {
        #expect(try CacheMountPlace(text) { _ in false } == .registry(try Reference(text).withDefaultTag))
        #expect(try CacheMountPlace(text) { _ in true } == .file(text))
    }

    @Test(arguments: ["cache.tar", "folder/cache.tar", "./a.b/c", "../a.b/c", "/a.b/c", "cache:1"])
    func files(text: String) throws { #expect(try CacheMountPlace(text) { _ in false } == .file(text)) }

    @Test func standardStream() throws { #expect(try CacheMountPlace("-") { _ in false } == .standard) }

    @Test func nothing() { #expect(throws: GantryError.self) { try CacheMountPlace("") { _ in false } } }

    @Test func optionsOfCaches() throws {
        #expect(
            try BuildCacheOption.parse("type=registry, Ref=a/b:c,mode=max")
                == [BuildCacheOption(type: "registry", attributes: ["ref": "a/b:c", "mode": "max"])])
        #expect(try BuildCacheOption.parse("a,b:1").map(\.attributes) == [["ref": "a"], ["ref": "b:1"]])
        #expect(throws: GantryError.self) { try BuildCacheOption.parse("ref=a") }
        #expect(throws: GantryError.self) { try BuildCacheOption.parse("type=local,dest") }
    }
}
