import Archive
import Builder
import CLinux
import Compression
import ContainerRuntime
import Dockerfile
import Essentials
import Images
import LinuxSystem
import Logging

/// What one build has on disk: `tmp/build-<id>/` with the unpacked context, files made for RUN, and the names of its
/// workspaces, so that the next daemon finds what a killed one left.
struct BuildDirectory: Sendable {
    let path: String

    var contextPath: String { "\(path)/context" }
    var filesPath: String { "\(path)/files" }
    var stepsPath: String { "\(path)/steps" }

    /// - Throws: ``SystemError`` when the directories cannot be made.
    init(dataRoot: String) throws {
        path = "\(dataRoot)/tmp/build-\(Identifier.randomHex(bytes: 8))"
        for directory in [path, contextPath, filesPath, stepsPath] { try FileSystem.makeDirectories(directory, mode: 0o710) }
        // The context's own directory is copied with its mode.
        try LinuxSystem.check("chmod", contextPath) { chmod(contextPath, 0o755) }
    }

    private init(leftover path: String) { self.path = path }

    func remove(logger: Logger) {
        do { try FileSystem.removeTree(path) } catch {
            logger.warning("a build's directory remains until the next start", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }

    /// Removes what builds of an earlier daemon left: processes, workspaces, directories.
    static func removeLeftovers(context: EngineContext) throws {
        let temporary = "\(context.configuration.dataRoot)/tmp"
        for name in try FileSystem.list(temporary) where name.hasPrefix("build-") {
            let directory = BuildDirectory(leftover: "\(temporary)/\(name)")
            context.logger.info("what an interrupted build left is removed", metadata: ["path": "\(directory.path)"])
            if FileSystem.exists(directory.stepsPath) {
                for step in try FileSystem.list(directory.stepsPath) where Identifier.isFull(step) {
                    if try context.runtime.knownContainers().contains(step) { try context.runtime.forget(container: step) }
                    try context.imageStore.removeSnapshot(id: step)
                }
            }
            directory.remove(logger: context.logger)
        }
    }

    // MARK: Context

    /// Unpacks a context, a tar that may be compressed.
    func unpack(_ stream: ByteStream) async throws {
        let path = contextPath
        try await BlockingWork.reading(stream) { read in try Self.unpack(read, into: path) }
    }

    private static func unpack(_ read: @escaping () throws -> [UInt8]?, into path: String) throws {
        let root = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        let content = try Decompressor(read)
        try TarExtractor(into: root, options: .init(.plain)).extract(TarReader { try content.next() })
        // What follows the archive is read, so that who sends it can finish.
        while try content.next() != nil {}
    }

    /// A downloaded file as the context: an archive is unpacked, anything else is the Dockerfile itself.
    func use(_ file: OwnedDescriptor, dockerfile: String, into path: String) throws {
        func chunks() throws -> () throws -> [UInt8]? {
            let source = try OwnedDescriptor.open(file.procPath, O_RDONLY)
            return {
                var chunk = [UInt8](repeating: 0, count: 256 << 10)
                let count = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
                return count == 0 ? nil : Array(chunk[..<count])
            }
        }
        if Self.isArchive(try chunks()) { return try Self.unpack(try chunks(), into: path) }
        let text = try OwnedDescriptor.open(file.procPath, O_RDONLY).readAll(limit: 16 << 20)
        let root = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        try root.openBeneath(dockerfile, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).writeAll(text)
    }

    private static func isArchive(_ read: @escaping () throws -> [UInt8]?) -> Bool {
        // What cannot be read as a tar is no archive.
        do {
            let content = try Decompressor(read)
            return try TarReader { try content.next() }.next() != nil
        } catch { return false }
    }

    /// The unpacked context; of a repository, the part that its address names.
    func contextRoot(_ remote: String) throws -> OwnedDescriptor {
        let root = try OwnedDescriptor.open(contextPath, O_RDONLY | O_DIRECTORY)
        guard let part = try GitSource(remote)?.subdirectory, !part.isEmpty else { return root }
        do throws(SystemError) { return try root.openInRoot(part, O_RDONLY | O_DIRECTORY) } catch {
            throw GantryError.notFound("`\(part)` is no directory of the repository `\(remote)`", cause: error)
        }
    }

    /// Another directory for a context, empty.
    func makeExtra() throws -> String {
        let extra = "\(path)/extra-\(Identifier.randomHex(bytes: 4))"
        try FileSystem.makeDirectories(extra, mode: 0o755)
        return extra
    }

    /// The Dockerfile's text and what the context leaves out.
    /// - Parameters:
    ///   - text: in place of a file in the context.
    ///   - ignoreRules: in place of the context's own.
    func read(
        dockerfile name: String, in root: OwnedDescriptor, text given: String?, ignoreRules: String?, isForeign: Bool
    ) throws -> (text: String, context: BuildContext) {
        var found = try given ?? Self.text(name, in: root)
        if found == nil, name == "Dockerfile" { found = try Self.text("dockerfile", in: root) }
        guard let text = found else { throw GantryError.invalid("Cannot locate specified Dockerfile: \(name)") }
        var ignored = IgnoreFile()
        let own = try given == nil ? Self.text("\(name).dockerignore", in: root) : nil
        if let rules = try ignoreRules ?? own ?? Self.text(".dockerignore", in: root) {
            do throws(IgnoreFile.PatternError) { ignored = try IgnoreFile(rules) } catch {
                throw GantryError.invalid(error.message)
            }
        }
        return (text, BuildContext(root: root, ignored: ignored, isForeign: isForeign))
    }

    private static func text(_ path: String, in root: OwnedDescriptor) throws -> String? {
        do throws(SystemError) {
            let file = try root.openInRoot(path, O_RDONLY | O_NONBLOCK)
            guard try file.status().kind == .regular else { return nil }
            return String(decoding: try file.readAll(limit: 16 << 20), as: UTF8.self)
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw error
        }
    }
}
