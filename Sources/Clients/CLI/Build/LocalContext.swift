import CLinux
import Dockerfile
import Essentials
import LinuxSystem

/// A folder made ready to be sent as the context of a build: which Dockerfile, which ignore file, what is added.
struct LocalContext {
    /// The folder, without links in its path.
    let root: String
    /// The Dockerfile's path inside the context as the daemon will find it.
    var dockerfile: String
    var packer: ContextPacker
    /// The Dockerfile's text where it lies outside of the folder.
    private(set) var outsideText: String?
    /// The rules that go with it.
    private(set) var outsideRules = ""

    /// The folder itself, for a daemon that reads it.
    func open() throws -> OwnedDescriptor { try OwnedDescriptor.open(root, O_RDONLY | O_DIRECTORY) }

    /// A folder with the text of a Dockerfile that need not be in it.
    /// - Parameters:
    ///   - name: of the Dockerfile in the folder, whose own ignore file counts.
    ///   - rules: in place of any ignore file.
    init(directory: String, dockerfile name: String, text: String, rules: String?) throws {
        let root = try Self.folder(directory)
        let own = try rules ?? Self.read("\(root)/\(name).dockerignore")
        try self.init(root: root, external: Array(text.utf8), ignoreText: own ?? Self.read(root + "/.dockerignore"))
    }

    /// - Parameters:
    ///   - directory: the context's folder as the user wrote it.
    ///   - flag: the value of `-f`; relative to the current folder, `-` for standard input.
    ///   - standardInput: gives the Dockerfile where the flag says so.
    /// - Throws: ``GantryError`` for a folder, Dockerfile or ignore file that is missing or wrong.
    init(directory: String, dockerfile flag: String?, standardInput: () throws -> [UInt8]) throws {
        let root = try Self.folder(directory)
        if flag == "-" {
            try self.init(root: root, external: standardInput(), ignoreText: Self.read(root + "/.dockerignore"))
        } else if let inside = try Self.pathInside(root, flag: flag) {
            try self.init(root: root, inside: inside)
        } else {
            let path = flag ?? ""
            let content = try FileSystem.read(path)
            let own = try Self.read(path + ".dockerignore")
            try self.init(root: root, external: content, ignoreText: own ?? Self.read(root + "/.dockerignore"))
        }
    }

    private static func folder(_ directory: String) throws -> String {
        guard let root = resolve(directory) else {
            throw GantryError.notFound("unable to prepare context: path \"\(directory)\" not found")
        }
        guard let status = try? FileStatus(root, follow: true), status.kind == .directory else {
            throw GantryError.invalid("unable to prepare context: \"\(directory)\" is not a directory")
        }
        return root
    }

    /// A context whose Dockerfile lies in it.
    private init(root: String, inside path: String) throws {
        let own = path + ".dockerignore"
        let name = FileSystem.exists("\(root)/\(own)") ? own : ".dockerignore"
        let text = try Self.read("\(root)/\(name)") ?? ""
        self.root = root
        dockerfile = path
        packer = try Self.packer(ignoreText: text, name: name, always: [path, ".dockerignore", own])
    }

    /// A context whose Dockerfile comes from elsewhere. It travels under a name that its own ignore file hides from COPY.
    private init(root: String, external content: [UInt8], ignoreText: String?) throws {
        self.root = root
        dockerfile = ".dockerfile.\(Identifier.randomHex(bytes: 10))"
        let text = ignoreText ?? ""
        outsideText = String(decoding: content, as: UTF8.self)
        outsideRules = text
        packer = try Self.packer(ignoreText: text, name: ".dockerignore", always: [])
        packer.replacements[dockerfile] = content
        let rules = text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
        packer.replacements[".dockerignore"] = Array("\(rules)\(dockerfile)\n.dockerignore\n".utf8)
    }

    private static func packer(ignoreText: String, name: String, always: Set<String>) throws -> ContextPacker {
        do {
            let filter = ContextFilter(ignore: try IgnoreFile(ignoreText), always: always)
            return ContextPacker(decide: { filter.decide($0, isDirectory: $1) })
        } catch {
            throw GantryError.invalid("failed to solve: \(error)", hint: "the pattern stands in `\(name)` of the build context")
        }
    }

    /// The Dockerfile's path relative to the context; nil when it lies outside.
    private static func pathInside(_ root: String, flag: String?) throws -> String? {
        guard let flag else {
            for name in ["Dockerfile", "dockerfile"] where FileSystem.exists("\(root)/\(name)") { return name }
            throw missing("Dockerfile")
        }
        // Resolve the folder and not the file: a link in the context to a file outside is a file of the context.
        let slash = flag.lastIndex(of: "/")
        let folder = slash.map { $0 == flag.startIndex ? "/" : String(flag[..<$0]) } ?? "."
        let name = slash.map { String(flag[flag.index(after: $0)...]) } ?? flag
        guard !name.isEmpty, let real = resolve(folder), FileSystem.exists(flag) else { throw missing(flag) }
        let prefix = root == "/" ? "/" : root + "/"
        let full = real == "/" ? "/\(name)" : "\(real)/\(name)"
        return full.hasPrefix(prefix) ? String(full.dropFirst(prefix.count)) : nil
    }

    private static func missing(_ name: String) -> GantryError {
        .notFound("failed to read dockerfile: open \(name): no such file or directory")
    }

    private static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path.isEmpty ? "." : path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The text of a file; nil when there is none.
    private static func read(_ path: String) throws -> String? {
        do { return try FileSystem.readText(path, limit: 16 << 20) } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw GantryError(.denied, "cannot read the ignore file", cause: error)
        }
    }
}
