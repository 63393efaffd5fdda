import DockerAPI
import EngineClient
import Essentials
import LinuxSystem
import OCI

/// `gantry builder cache …`
struct CacheMountGroup: CommandGroup {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Carry cache mounts of RUN between machines",
        subcommands: [CacheMountExportCommand.self, CacheMountImportCommand.self])
}

/// Where a cache mount goes to or comes from.
enum CacheMountPlace: Equatable {
    /// `-`
    case standard
    case file(String)
    case registry(Reference)

    /// A reference begins with the name of a registry, as in `registry.example/team/cache:go` or `localhost:5000/cache`; everything else is
    /// a file, above all what is there or begins with `/` or `.`.
    init(_ text: String, isThere: (String) -> Bool = FileSystem.exists) throws {
        if text == "-" {
            self = .standard
            return
        }
        let first = text.prefix { $0 != "/" }
        let namesRegistry = first.count < text.count && (first.contains(".") || first.contains(":") || first == "localhost")
        guard namesRegistry, !text.hasPrefix("."), !text.hasPrefix("/"), !isThere(text) else {
            guard !text.isEmpty else { throw GantryError.invalid("the name of the file is empty") }
            self = .file(text)
            return
        }
        self = .registry(try Reference(text).withDefaultTag)
    }
}

/// `gantry builder cache export`
struct CacheMountExportCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a cache mount to a tar file, to standard output (-) or to a registry")
    static let usageLine = "ID FILE|REGISTRY/NAME[:TAG]|-"
    static let operandCount = OperandCount.exactly(2)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let id = operands[0]
        switch try CacheMountPlace(operands[1]) {
        case .standard:
            guard !session.console.outputIsTerminal else {
                throw GantryError.invalid("cowardly refusing to write an archive to a terminal: redirect it, or name a file")
            }
            for try await piece in try await session.client.exportMount(id) { session.console.write(piece) }
        case .file(let path):
            // Asked first: what is not there leaves no file.
            let archive = try await session.client.exportMount(id)
            try await OutputFile(path).write(archive)
        case .registry(let reference):
            let digest = try await session.client.pushMount(
                id, reference: reference.canonical, login: try session.login(for: reference))
            session.console.print("\(reference.familiar)@\(digest)")
        }
    }
}

/// `gantry builder cache import`
struct CacheMountImportCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Fill a cache mount from a tar file, from standard input (-) or from a registry")
    static let usageLine = "ID FILE|REGISTRY/NAME[:TAG]|-"
    static let operandCount = OperandCount.exactly(2)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let id = operands[0]
        switch try CacheMountPlace(operands[1]) {
        case .standard:
            guard !session.console.inputIsTerminal else {
                throw GantryError.invalid("standard input is a terminal: redirect it, or name a file")
            }
            try await take(InputStream.standard(), id, session)
        case .file(let path): try await take(InputStream.file(path), id, session)
        case .registry(let reference):
            try await session.client.pullMount(
                id, reference: reference.canonical, login: try session.login(for: reference))
        }
    }

    private func take(_ archive: UploadPipe, _ id: String, _ session: Session) async throws {
        defer { archive.close() }
        try await session.client.importMount(id, archive: archive.body)
    }
}
