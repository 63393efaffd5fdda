import CLinux
import ContainerRuntime
import Essentials
import FoundationEssentials
import LinuxSystem
import OCI

/// A directory with `config.json` and a root file system. Source: OCI runtime-spec, bundle.
struct Bundle {
    let path: String
    let specification: RuntimeSpecification

    init(_ path: String) throws {
        guard let resolved = realpath(path, nil) else { throw SystemError("realpath", path, errno: gantry_errno()) }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        let file = "\(self.path)/config.json"
        guard FileSystem.exists(file) else {
            throw GantryError.notFound("`\(file)` does not exist", hint: "make one with `gantry-oci spec`")
        }
        do {
            specification = try JSONDecoder().decode(
                RuntimeSpecification.self, from: Data(try FileSystem.read(file, limit: 16 << 20)))
        } catch let error as DecodingError { throw GantryError.invalid("`\(file)` is not a runtime specification", cause: error) }
    }

    func root() throws -> RootFileSystem {
        guard let root = specification.root else { throw GantryError.invalid("the specification has no root") }
        return .directory(root.path.hasPrefix("/") ? root.path : "\(path)/\(root.path)")
    }

    func request(_ id: String, hold: Bool, inherited: InheritedStreams?) throws -> ContainerStart {
        let process = specification.process
        var request = ContainerStart(
            id: id, specification: specification, root: try root(),
            stdio: StandardStreams(
                terminal: process?.terminal ?? false, consoleSize: process?.consoleSize, openStdin: true, stdinOnce: true),
            hold: hold)
        request.inherited = inherited
        return request
    }
}

/// The caller's own streams for a container that is left alone.
enum CallerStreams {
    static func inherited(terminal: Bool, consoleSocket: String?) throws -> InheritedStreams {
        guard terminal else {
            guard consoleSocket == nil else {
                throw GantryError.invalid("cannot use console socket if the process has no terminal")
            }
            return InheritedStreams(standard: try (0..<3).map { try OwnedDescriptor.duplicate($0) })
        }
        guard let consoleSocket else {
            throw GantryError.invalid("cannot allocate tty if the container is detached without --console-socket")
        }
        let socket = OwnedDescriptor(try check("connect", consoleSocket) { gantry_connect_unix(consoleSocket) })
        return InheritedStreams(standard: [], consoleSocket: socket)
    }
}

func writeProcessID(_ process: Int32, to path: String?) throws {
    if let path { try FileSystem.replace(path, with: "\(process)") }
}
