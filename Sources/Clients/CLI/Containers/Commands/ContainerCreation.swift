import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem
import OCI

/// Makes a container, pulling its image when it is missing, and writes its id where the user wants it.
struct ContainerCreation: Sendable {
    var specification: ContainerSpecification
    var session: Session

    /// - Returns: the container's id.
    func perform() async throws -> String {
        let idFile = try specification.idFile.map { try IDFile($0) }
        do {
            let id = try await create()
            try idFile?.write(id)
            return id
        } catch {
            idFile?.remove()
            throw error
        }
    }

    private func create() async throws -> String {
        warn()
        var specification = specification
        specification.body.config.env = try proxied(specification.body.config.env)
        let image = specification.body.config.image
        if specification.pull == "always" { try await pull(image) }
        let created: ContainerCreateResponse
        do { created = try await post(specification) } catch let error as GantryError where Self.isMissing(error, specification) {
            let reference = try Reference(image)
            session.console.printError("Unable to find image '\(reference.withDefaultTag.familiar)' locally")
            try await pull(image)
            created = try await post(specification)
        }
        for warning in created.warnings { session.console.printError("WARNING: \(warning)") }
        return created.id
    }

    private func post(_ specification: ContainerSpecification) async throws -> ContainerCreateResponse {
        try await session.client.createContainer(specification.body, name: specification.name, platform: specification.platform)
    }

    private static func isMissing(_ error: GantryError, _ specification: ContainerSpecification) -> Bool {
        error.kind == .notFound && specification.pull == "missing" && error.message.lowercased().contains("no such image")
    }

    private func pull(_ image: String) async throws {
        let pull = ImagePull(reference: try Reference(image).withDefaultTag, platform: specification.platform)
        try await pull.perform(in: session, output: specification.quiet ? .none : .error)
    }

    private func warn() {
        guard let host = specification.body.hostConfig else { return }
        if host.oomKillDisable == true, host.memory == 0 {
            session.console.printError(
                "WARNING: Disabling the OOM killer on containers without setting a '-m/--memory' limit may be dangerous.")
        }
        for address in host.dns where address.hasPrefix("127.") || address == "::1" {
            session.console.printError("WARNING: Localhost DNS (\(address)) may fail in containers.")
        }
    }

    /// The proxies of the configuration file, in both cases, unless the variable is set already.
    /// Source: docker CLI, config.json, `proxies`.
    private func proxied(_ variables: [String]?) throws -> [String]? {
        let config = try session.config()
        guard let proxies = config[value: "proxies"], let entry = proxies[session.client.address.description] ?? proxies["default"]
        else { return variables }
        let names = [
            ("httpProxy", "HTTP_PROXY"), ("httpsProxy", "HTTPS_PROXY"), ("ftpProxy", "FTP_PROXY"), ("noProxy", "NO_PROXY"),
            ("allProxy", "ALL_PROXY"),
        ]
        var result = variables ?? []
        let present = Set(result.map { FlagValue.split($0).key })
        for (key, name) in names {
            guard let value = entry[key]?.string, !value.isEmpty else { continue }
            for variable in [name, name.lowercased()] where !present.contains(variable) { result.append("\(variable)=\(value)") }
        }
        return result.isEmpty ? variables : result
    }
}

/// The file that receives a container's id.
private final class IDFile: Sendable {
    private let path: String
    private let file: OwnedDescriptor

    /// - Throws: ``GantryError`` in Docker's words when it exists or cannot be made.
    init(_ path: String) throws {
        self.path = path
        do { file = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644) } catch {
            if error.errno == EEXIST {
                throw GantryError.conflict("container ID file found, make sure the other container isn't running or delete \(path)")
            }
            throw GantryError(.denied, "failed to create the container ID file: open \(path): \(error.reason)")
        }
    }

    func write(_ id: String) throws {
        do { try file.writeAll(Array(id.utf8)) } catch {
            throw GantryError(.unavailable, "failed to write the container ID (\(id)) to file (\(path))", cause: error)
        }
    }

    /// An empty file would look like a container's.
    func remove() { unlink(path) }
}
