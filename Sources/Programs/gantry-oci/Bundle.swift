import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

/// A directory with `config.json` and a root file system. Source: OCI runtime-spec, bundle.
struct Bundle {
    let path: String
    var specification: RuntimeSpecification

    init(_ path: String) throws {
        guard let resolved = realpath(path, nil) else { throw SystemError("realpath", path, errno: gantry_errno()) }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        let file = "\(self.path)/config.json"
        guard FileSystem.exists(file) else {
            throw GantryError.notFound("`\(file)` does not exist", hint: "make one with `gantry-oci spec`")
        }
        var specification = try RuntimeSpecification.read(try FileSystem.read(file, limit: 16 << 20), name: file)
        Self.addDefaultRules(&specification)
        self.specification = specification
    }

    /// Once devices are restricted at all, those that every container has are allowed, and making device files is: what can be
    /// made is still not opened. Source: OCI runtime-spec, config-linux, Default Devices.
    private static func addDefaultRules(_ specification: inout RuntimeSpecification) {
        guard let rules = specification.linux?.resources?.devices, !rules.isEmpty else { return }
        func rule(_ type: String, _ major: Int64?, _ minor: Int64?, _ access: String) -> RuntimeSpecification.DeviceRule {
            RuntimeSpecification.DeviceRule(allow: true, type: type, major: major, minor: minor, access: access)
        }
        let numbers: [(Int64, Int64?)] = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, nil)]
        let added = [rule("c", nil, nil, "m"), rule("b", nil, nil, "m")] + numbers.map { rule("c", $0.0, $0.1, "rwm") }
        specification.linux?.resources?.devices = rules + added.filter { !rules.contains($0) }
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
        request.bundle = path
        return request
    }
}

/// The caller's own descriptors for a container that is left alone.
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

    /// Descriptors from 3 on that the caller has left open for the program.
    static func preserved(_ count: Int) throws -> [OwnedDescriptor] {
        guard (0...1024).contains(count) else { throw GantryError.invalid("--preserve-fds must be from 0 to 1024, not \(count)") }
        return try (0..<count).map { index in
            let number = CInt(index + 3)
            // What this program has opened itself closes at an exec.
            let flags = gantry_fcntl(number, F_GETFD, 0)
            guard flags >= 0, flags & FD_CLOEXEC == 0 else {
                throw GantryError.invalid("--preserve-fds \(count): descriptor \(number) is not open")
            }
            return try OwnedDescriptor.duplicate(number)
        }
    }
}

func writeProcessID(_ process: Int32, to path: String?) throws {
    if let path { try FileSystem.replace(path, with: "\(process)") }
}
