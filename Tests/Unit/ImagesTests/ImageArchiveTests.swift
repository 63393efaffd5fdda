import Archive
import Crypto
import Essentials
import Images
import LinuxSystem
import OCI
import Testing

@Suite(.enabled(if: isRoot, "needs root: layers keep owners")) struct ImageArchiveTests {
    @Test func whatIsSavedIsLoadedAgain() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["etc/passwd": "root"], ["b": "1"]], tags: ["foo:1", "foo:2", "bar"])
        let archive = try fixture.save(["foo"])
        #expect(try fixture.save(["foo"]) == archive)
        let names = try members(archive).map(\.0)
        #expect(names.starts(with: ["blobs/", "blobs/sha256/"]))
        #expect(names.suffix(4) == ["index.json", "manifest.json", "oci-layout", "repositories"])
        let other = try StoreFixture()
        let loaded = try other.store.load(from: source(archive))
        #expect(loaded == [LoadedImage(id: image.id, references: [try Reference("foo:1"), try Reference("foo:2")])])
        let again = try other.store.image("foo:2")
        #expect(again.configBytes == image.configBytes)
        #expect(again.layers.map(\.diffID) == image.layers.map(\.diffID))
        #expect(try other.save(["foo"]) == archive)
        #expect(try other.list("tmp/images").isEmpty)
        // By id: without names.
        #expect(try other.store.load(from: source(fixture.save([image.id.short]))) == [LoadedImage(id: image.id, references: [])])
        #expect(failure { _ = try fixture.save(["nosuch"]) }?.message == "No such image: nosuch")
    }

    @Test func anOCILayoutIsLoaded() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"]], tags: ["foo:1"])
        let layout = try rebuilt(fixture.save(["foo:1"])) { $0.0 != "manifest.json" && $0.0 != "repositories" }
        let other = try StoreFixture()
        #expect(try other.store.load(from: source(layout)) == [LoadedImage(id: image.id, references: [try Reference("foo:1")])])
        #expect(try other.store.image(id: image.id)?.manifest != nil)
    }

    /// The members that pass, in one tar again.
    private func rebuilt(
        _ archive: [UInt8], replacing: [String: String] = [:], keep: ((String, [UInt8])) -> Bool = { _ in true }
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        for member in try members(archive) where keep(member) && !member.0.hasSuffix("/") {
            try writer.add(TarEntry(member.0), content: replacing[member.0].map { Array($0.utf8) } ?? member.1)
        }
        try writer.finish()
        return bytes
    }

    @Test func hostileArchivesAreRefused() throws {
        let fixture = try StoreFixture()
        _ = try fixture.pull([["a": "1"]], tags: ["foo:1"])
        let archive = try fixture.save(["foo:1"])
        try FileSystem.replace(fixture.path + "/secret.json", with: "{}")
        let hostile = [
            #"[{"Config":"../../secret.json","RepoTags":null,"Layers":[]}]"#,
            #"[{"Config":"/etc/passwd","RepoTags":null,"Layers":[]}]"#,
            #"[{"Config":"manifest.json","RepoTags":["x:1"],"Layers":[]}]"#, #"{"#, #"[{"Config":1}]"#, #"[{"Layers":[]}]"#,
        ]
        for manifest in hostile {
            let other = try StoreFixture()
            #expect(
                failure { _ = try other.store.load(from: source(rebuilt(archive, replacing: ["manifest.json": manifest]))) }?.kind
                    == .invalid, "\(manifest)")
            #expect(try other.store.list().isEmpty)
            #expect(try other.list("tmp/images").isEmpty)
        }
        let other = try StoreFixture()
        for bytes in [Array("junk\n".utf8), Array(archive[..<(archive.count / 2)])] {
            #expect(failure { _ = try other.store.load(from: source(bytes)) }?.message == "unexpected EOF")
        }
        #expect(failure { _ = try other.store.load(from: source([])) }?.kind == .invalid)
        #expect(failure { _ = try other.store.load(from: source(layerTar(["Dockerfile": "FROM x"]))) }?.kind == .invalid)
        // Names outside the archive are not written.
        #expect(
            failure { _ = try other.store.load(from: source(layerTar(["../../canary": "x", "/canary": "y"]))) }?.kind == .invalid)
        #expect(
            !FileSystem.exists(other.path + "/canary") && !FileSystem.exists("/canary")
                && !FileSystem.exists(other.path + "/../canary"))
        #expect(try other.list("tmp/images").isEmpty)
    }

    @Test func aLayerThatIsNotWhatTheConfigurationSaysIsRefused() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"]], tags: ["foo:1"])
        let layerName = "blobs/sha256/\(image.layers[0].diffID.hex)"
        let other = try StoreFixture()
        let fake = String(decoding: try layerTar(["a": "2"]), as: UTF8.self)
        let archive = try rebuilt(fixture.save(["foo:1"]), replacing: [layerName: fake])
        #expect(failure { _ = try other.store.load(from: source(archive)) }?.kind == .invalid)
        let missing = try rebuilt(fixture.save(["foo:1"])) { $0.0 != layerName }
        #expect(failure { _ = try other.store.load(from: source(missing)) }?.kind == .invalid)
        #expect(try other.store.list().isEmpty)
        #expect(try other.list("layers").isEmpty)
    }

    @Test func oneDocumentIsNotManifestAndIndex() throws {
        let both = #"{"schemaVersion":2,"manifests":[],"config":{},"layers":[]}"#
        let digest = Digest(sha256: SHA256.hash(data: Array(both.utf8)))
        let index =
            #"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(digest)","size":\#(both.utf8.count)}]}"#
        let fixture = try StoreFixture()
        let archive = try layerTar(["blobs/sha256/\(digest.hex)": both, "index.json": index])
        #expect(failure { _ = try fixture.store.load(from: source(archive)) }?.message.hasSuffix("or both") == true)
    }

    @Test func aRootFileSystemBecomesAnImage() throws {
        let fixture = try StoreFixture()
        var changes = ContainerDefaults()
        changes.command = ["sh"]
        let image = try fixture.store.importRootFileSystem(
            from: source(layerTar(["bin/sh": "x", "etc/passwd": "root"])), changes: changes, message: "hello")
        #expect(image.config.config?.command == ["sh"])
        #expect(try fixture.store.history(image).map(\.comment) == ["hello"])
        #expect(image.size == 5)
        #expect(try fixture.list("blobs/sha256").isEmpty)
        let other = try StoreFixture()
        #expect(try other.store.load(from: source(fixture.save([image.id.hex]))).map(\.id) == [image.id])
        #expect(
            failure { _ = try fixture.store.importRootFileSystem(from: source(Array("junk".utf8))) }?.message == "unexpected EOF")
        #expect(try fixture.list("layers") == ["\(image.layers[0].number)"])
    }
}
