import Archive
import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem
import OCI

/// Brings a finished build's result to where `--output` wants it.
struct BuildResult {
    let job: BuildJob
    let outcome: BuildRun.Outcome
    let session: Session

    private var tags: [String] { job.settings.tags }

    func deliver() async throws {
        for (number, output) in job.outputs.enumerated() { try await deliver(output, export(of: number)) }
    }

    private func export(of number: Int) throws -> BuildEventMessage.Export? {
        guard let wanted = job.exportOfOutput[number] else { return nil }
        guard let export = outcome.exports[wanted] else {
            throw GantryError.internal("the daemon did not make output \(number + 1) of the build ready")
        }
        return export
    }

    private func deliver(_ output: BuildOutput, _ export: BuildEventMessage.Export?) async throws {
        switch output.kind {
        case .nothing: break
        case .image(let pushes):
            guard pushes, let export else { return }
            for name in output.byDigest ? output.names : tags { try await push(export, name, byDigest: output.byDigest) }
        case .tar(let path): try await write(try await tree(output, export), to: path)
        case .folder(let path): try await unpack(try await tree(output, export), into: path)
        case .dockerArchive(let path): try await write(try await archive(export, "docker"), to: path)
        case .layout(let path, isTar: true): try await write(try await archive(export, "oci"), to: path)
        case .layout(let path, isTar: false): try await unpack(try await archive(export, "oci"), into: path ?? ".")
        }
    }

    private func tree(_ output: BuildOutput, _ export: BuildEventMessage.Export?) async throws -> ResponseBody {
        guard let export else { return try await session.client.buildLayers(outcome.layers) }
        return try await session.client.buildTree(export.id, isSplit: output.isSplit)
    }

    private func archive(_ export: BuildEventMessage.Export?, _ format: String) async throws -> ResponseBody {
        guard let export else { throw GantryError.internal("there is no image to save") }
        return try await session.client.buildArchive(export.id, format: format)
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

    private func unpack(_ body: ResponseBody, into path: String) async throws {
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
    }

    private func push(_ export: BuildEventMessage.Export, _ name: String, byDigest: Bool) async throws {
        let reference = try Reference(name)
        let messages = try await session.client.pushBuild(
            export.id, name: (byDigest ? reference : reference.withDefaultTag).familiar, byDigest: byDigest,
            login: try session.login(for: reference))
        var display = TransferDisplay(console: session.console, output: .none, environment: session.environment)
        try await display.show(messages)
    }

    // MARK: What is told of it

    /// What `--iidfile` gets: the image's id, or the index's digest where there are several images.
    var imageID: String? {
        guard let main = job.mainExport.flatMap({ outcome.exports[$0] }), main.configDigest == nil else { return outcome.image }
        return main.descriptor?.digest ?? outcome.image
    }

    /// Source: docker buildx build, `--metadata-file`.
    func metadata() throws -> JSONValue {
        var members: [String: JSONValue] = [:]
        if let main = job.mainExport.flatMap({ outcome.exports[$0] }), let descriptor = main.descriptor {
            members["containerimage.digest"] = .string(descriptor.digest)
            members["containerimage.descriptor"] = try EngineJSON.decode(JSONValue.self, from: try EngineJSON.encode(descriptor))
            if let config = main.configDigest { members["containerimage.config.digest"] = .string(config) }
        } else if let image = outcome.image {
            members["containerimage.config.digest"] = .string(image)
            members["containerimage.digest"] = .string(image)
        }
        let names = tags + job.outputs.filter(\.byDigest).flatMap(\.names)
        if !names.isEmpty {
            let full = try names.map { try Reference($0).withDefaultTag.canonical }
            members["image.name"] = .string(full.joined(separator: ","))
        }
        if let id = outcome.recordID { members["buildx.build.ref"] = .string("default/default/\(id)") }
        return .object(members)
    }
}
