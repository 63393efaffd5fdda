import Archive
import Essentials
import FoundationEssentials
import Testing

@testable import CLI

@Suite("Build context") struct ContextTests {
    /// A folder with these files (a name ending in `/` is a folder, a value starting with `->` a link), and what is packed of it.
    private func pack(
        _ files: [String: String], dockerfile flag: String? = nil, input: String = "", outside: [String: String] = [:]
    ) throws -> (names: [String], dockerfile: String, contents: [String: String]) {
        let base = FileManager.default.temporaryDirectory.path + "/gantry-context-\(Identifier.randomHex(bytes: 8))"
        let root = base + "/context"
        defer { try? FileManager.default.removeItem(atPath: base) }
        for (folder, entries) in [(root, files), (base, outside)] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, text) in entries { try Self.make(folder + "/" + name, text) }
        }
        let context = try LocalContext(
            directory: root, dockerfile: flag?.replacing("BASE", with: base), standardInput: { Array(input.utf8) })
        var bytes: [UInt8] = []
        try context.packer.pack(root, to: TarWriter { bytes.append(contentsOf: $0) })
        return try Self.read(bytes, dockerfile: context.dockerfile)
    }

    private static func make(_ path: String, _ text: String) throws {
        let parent = path.hasSuffix("/") ? path : String(path[..<path.lastIndex(of: "/")!])
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        if path.hasSuffix("/") { return }
        if text.hasPrefix("->") {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: String(text.dropFirst(2)))
        } else {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        }
    }

    private static func read(
        _ bytes: [UInt8], dockerfile: String
    ) throws
        -> (names: [String], dockerfile: String, contents: [String: String])
    {
        var given = false
        let reader = TarReader {
            defer { given = true }
            return given ? nil : bytes
        }
        var names: [String] = []
        var contents: [String: String] = [:]
        while let entry = try reader.next() {
            #expect(entry.userID == 0 && entry.groupID == 0)
            names.append(entry.nameText + (entry.kind == .symbolicLink ? " -> \(entry.linkText)" : ""))
            if entry.kind == .regular {
                contents[entry.nameText] = String(decoding: try reader.readAll(limit: 1 << 20), as: UTF8.self)
            }
        }
        return (names, dockerfile, contents)
    }

    @Test("everything, in order, links as links")
    func everything() throws {
        let packed = try pack(["Dockerfile": "FROM x", "b/c": "1", "a": "-> b/c".replacing(" ", with: ""), "empty/": ""])
        #expect(packed.names == ["Dockerfile", "a -> b/c", "b/", "b/c", "empty/"])
        #expect(packed.dockerfile == "Dockerfile")
        #expect(packed.contents["b/c"] == "1")
    }

    @Test("ignored folders are left out; an exception brings its folders back with it; the Dockerfile always travels")
    func ignoring() throws {
        let packed = try pack([
            "Dockerfile": "FROM x", ".dockerignore": "node_modules\ndocs\n!docs/keep/this.md\nDockerfile\n*.log\n",
            "node_modules/a/b": "1", "docs/drop.md": "1", "docs/keep/this.md": "1", "docs/other/that.md": "1", "x.log": "1",
            "src/y.log": "1",
        ])
        #expect(packed.names == [".dockerignore", "Dockerfile", "docs/", "docs/keep/", "docs/keep/this.md", "src/", "src/y.log"])
    }

    @Test("a Dockerfile from outside travels under a name that COPY does not see")
    func outside() throws {
        let packed = try pack(["a": "1", ".dockerignore": "b"], dockerfile: "BASE/D", outside: ["D": "FROM y"])
        #expect(packed.dockerfile.hasPrefix(".dockerfile."))
        #expect(packed.names.sorted() == [".dockerignore", packed.dockerfile, "a"].sorted())
        #expect(packed.contents[packed.dockerfile] == "FROM y")
        #expect(packed.contents[".dockerignore"] == "b\n\(packed.dockerfile)\n.dockerignore\n")
    }

    @Test("a Dockerfile on standard input, and one deeper in the context with its own ignore file")
    func otherDockerfiles() throws {
        let typed = try pack(["a": "1"], dockerfile: "-", input: "FROM z")
        #expect(typed.contents[typed.dockerfile] == "FROM z")
        let deeper = try pack(
            ["a": "1", "b": "1", "sub/D": "FROM x", "sub/D.dockerignore": "a\n", ".dockerignore": "b\n"],
            dockerfile: "BASE/context/sub/D")
        #expect(deeper.dockerfile == "sub/D")
        #expect(deeper.names == [".dockerignore", "b", "sub/", "sub/D", "sub/D.dockerignore"])
    }

    @Test("what is missing is said")
    func missing() {
        #expect(throws: GantryError.self) { try pack(["a": "1"]) }
        #expect(throws: GantryError.self) { try pack(["a": "1"], dockerfile: "BASE/none") }
    }

    @Test("standard input: archive or Dockerfile")
    func kinds() throws {
        #expect(ContextStreamKind.detect(Array("FROM busybox\n".utf8)) == .dockerfile)
        #expect(ContextStreamKind.detect([0x1F, 0x8B, 8, 0]) == .archive)
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        try writer.add(TarEntry("Dockerfile"), content: [1])
        try writer.finish()
        #expect(ContextStreamKind.detect(Array(bytes.prefix(512))) == .archive)
        #expect(ContextStreamKind.detect([UInt8](repeating: 65, count: 600)) == .dockerfile)
    }

    @Test("settings become the query")
    func query() throws {
        var settings = BuildSettings(source: .directory("."))
        settings.tags = ["a:1", "b"]
        settings.buildArguments = ["A": "1", "B": nil]
        settings.noCache = true
        settings.memory = 1024
        let items = try settings.query(dockerfile: "D").map { "\($0.0)=\($0.1)" }
        #expect(items.prefix(4) == ["gantry-events=1", "dockerfile=D", "t=a:1", "t=b"])
        #expect(items.contains(#"buildargs={"A":"1","B":null}"#) || items.contains(#"buildargs={"B":null,"A":"1"}"#))
        #expect(items.contains("nocache=1") && items.contains("memory=1024") && items.contains("rm=1"))
        #expect(!items.contains { $0.hasPrefix("pull=") })
    }
}
