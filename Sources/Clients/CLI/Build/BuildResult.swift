import Archive
import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem
import OCI

/// Brings a finished build's result to where `--output` wants it.
struct BuildResult {
    /// Nil when no image was asked for.
    var image: String?
    /// Digest of the chain of layers; nil for a tree without files.
    var layers: String?
    var tags: [String]
    let session: Session

    func deliver(to output: BuildOutput) async throws {
        switch output {
        case .image(_, let pushes): if pushes { for tag in tags { try await push(tag) } }
        case .nothing: break
        case .tar(let path): try await write(try await tree(), to: path)
        case .folder(let path): try await unpack(try await tree(), into: path, leavingOut: [])
        case .dockerArchive(let path): try await write(try await archive(), to: path)
        case .layout(let path, isTar: true): try await write(try await archive(), to: path)
        case .layout(let path, isTar: false):
            try await unpack(try await archive(), into: path ?? ".", leavingOut: ["manifest.json", "repositories"])
        }
    }

    private func tree() async throws -> ResponseBody { try await session.client.buildLayers(layers) }

    private func archive() async throws -> ResponseBody {
        guard let image else { throw GantryError.internal("there is no image to save") }
        return try await session.client.save(tags.isEmpty ? [image] : tags)
    }

    private func write(_ body: ResponseBody, to path: String?) async throws {
        guard let path else {
            guard !session.console.outputIsTerminal else {
                throw GantryError.invalid("dest file is required for this output: refusing to write a tar to a terminal")
            }
            for try await piece in body { session.console.write(piece) }
            return
        }
        try await OutputFile(path).write(body)
    }

    private func unpack(_ body: ResponseBody, into path: String, leavingOut left: Set<String>) async throws {
        try FileSystem.makeDirectories(path, mode: 0o755)
        let root = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        let feed = BlockingFeed()
        async let carried: Void = feed.carry(body)
        try await BlockingWork.run {
            defer { feed.abandon() }
            // Who is not root cannot give files away: they are then his own, as with tar.
            var options = TarExtractor.Options(.plain)
            options.keepsOwners = geteuid() == 0
            try TarExtractor(into: root, options: options).extract(TarReader { try feed.next() })
        }
        await carried
        for name in left where FileSystem.exists("\(path)/\(name)") { try FileSystem.remove("\(path)/\(name)") }
    }

    private func push(_ tag: String) async throws {
        let reference = try Reference(tag).withDefaultTag
        let messages = try await session.client.push(
            reference.familiarRepository, tag: reference.tag, login: try session.login(for: reference))
        var display = TransferDisplay(console: session.console, output: .none, environment: session.environment)
        try await display.show(messages)
    }
}
