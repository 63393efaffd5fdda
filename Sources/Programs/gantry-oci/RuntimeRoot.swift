import CLinux
import ContainerRuntime
import Essentials
import FoundationEssentials
import LinuxSystem
import Logging

/// What is kept of a container beside the shim's own state.
struct StoredContainer: Codable {
    var id: String
    var bundle: String
    var processID: Int32
    /// When the process started, in the kernel's ticks: with the number it names the process for good.
    var processStart: String
    var annotations: [String: String]?
    var created: String
    var cgroupsPath: String?
}

/// The directory of `--root`: the shims' state in `shims`, and one JSON file for each container in `containers`.
struct RuntimeRoot {
    let path: String
    let runtime: ShimRuntime

    init(_ options: GlobalOptions) throws {
        path = options.root
        try FileSystem.makeDirectories("\(path)/containers", mode: 0o700)
        runtime = try ShimRuntime(
            shimPath: Self.shimPath(), stateDirectory: "\(path)/shims",
            cgroupDriver: options.systemdCgroup ? .systemd : .cgroupfs,
            logger: Logger(label: "gantry-oci") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func shimPath() -> String {
        if let path = getenv("GANTRY_SHIM") { return String(cString: path) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let program = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = program.split(separator: "/").dropLast().joined(separator: "/")
        return "/\(directory)/gantry-shim"
    }

    private func file(_ id: String) throws -> String {
        guard !id.isEmpty, !id.contains("/"), !id.hasPrefix(".") else { throw GantryError.invalid("invalid container id `\(id)`") }
        return "\(path)/containers/\(id).json"
    }

    func exists(_ id: String) throws -> Bool { FileSystem.exists(try file(id)) }

    func save(_ container: StoredContainer) throws {
        try FileSystem.replace(try file(container.id), with: Array(try JSONEncoder().encode(container)), mode: 0o600)
    }

    func load(_ id: String) throws -> StoredContainer {
        guard try exists(id) else { throw GantryError.notFound("container \"\(id)\" does not exist") }
        return try JSONDecoder().decode(StoredContainer.self, from: Data(try FileSystem.read(try file(id))))
    }

    func all() throws -> [StoredContainer] {
        try FileSystem.list("\(path)/containers").filter { $0.hasSuffix(".json") }.sorted().map { try load(String($0.dropLast(5))) }
    }

    func remove(_ id: String) throws {
        try runtime.forget(container: id)
        try FileSystem.remove(try file(id))
    }

    /// Field 22 of /proc/pid/stat; empty when there is no such process or it is a zombie.
    static func start(of process: Int32) -> String {
        guard let text = try? FileSystem.readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return "" }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 && fields[0] != "Z" && fields[0] != "X" ? String(fields[19]) : ""
    }

    /// `created`, `running` or `stopped`.
    func status(_ container: StoredContainer) -> String {
        guard !container.processStart.isEmpty, Self.start(of: container.processID) == container.processStart else {
            return "stopped"
        }
        // A held process is still our shim's program; after execve it is its own.
        let program = (try? FileSystem.readText("/proc/\(container.processID)/cmdline")) ?? ""
        return program.hasPrefix("gantry-shim\u{0}") ? "created" : "running"
    }
}
