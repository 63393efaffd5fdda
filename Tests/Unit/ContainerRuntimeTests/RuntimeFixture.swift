import ContainerRuntime
import Essentials
import Foundation
import LinuxSystem
import Logging
import OCI
import Testing

/// A runtime with a scratch directory and a root made of one static busybox; takes everything down at the end.
final class RuntimeFixture: Sendable {
    let scratch: String
    let runtime: ShimRuntime
    let parent: String

    static let shimPath: String = {
        if let path = ProcessInfo.processInfo.environment["GANTRY_SHIM"] { return path }
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? program
        return (bundle as NSString).deletingLastPathComponent + "/gantry-shim"
    }()

    static let busybox = "/bin/busybox"

    /// Whether containers can be run here at all.
    static var isPossible: Bool {
        getuid() == 0 && FileManager.default.fileExists(atPath: shimPath) && FileManager.default.fileExists(atPath: busybox)
            && (try? CgroupHost()) != nil
    }

    static let requirement: Comment = "running containers needs root, cgroups, a static /bin/busybox and a built gantry-shim"

    init() throws {
        let name = "gantry-test-\(Identifier.randomHex(bytes: 6))"
        scratch = "/tmp/\(name)"
        parent = "/\(name)"
        try FileManager.default.createDirectory(atPath: "\(scratch)/lower/bin", withIntermediateDirectories: true)
        for directory in ["upper", "work", "lower/etc", "lower/tmp", "lower/proc", "lower/sys", "lower/dev"] {
            try FileManager.default.createDirectory(atPath: "\(scratch)/\(directory)", withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: Self.busybox, toPath: "\(scratch)/lower/bin/busybox")
        for applet in [
            "sh", "true", "false", "echo", "cat", "ls", "sleep", "stty", "id", "ps", "head", "dd", "hostname", "readlink", "grep",
            "test", "stat", "touch", "tail",
        ] {
            try FileManager.default.createSymbolicLink(atPath: "\(scratch)/lower/bin/\(applet)", withDestinationPath: "busybox")
        }
        runtime = try ShimRuntime(shimPath: Self.shimPath, stateDirectory: "\(scratch)/state", logger: Logger(label: "test"))
    }

    func tearDown() {
        for id in (try? runtime.knownContainers()) ?? [] {
            do { try runtime.forget(container: id) } catch { Issue.record("container \(id) is left: \(error)") }
        }
        do { try FileSystem.removeTree(scratch) } catch { Issue.record("\(scratch) is left: \(error)") }
        for hierarchy in runtime.cgroups.layout.hierarchies { rmdir(hierarchy.mountPoint + parent) }
        if let unified = runtime.cgroups.layout.unified { rmdir(unified + parent) }
    }

    /// A start with Docker's defaults, changed by `change`.
    func request(
        _ arguments: [String], id: String = Identifier.random(), stdio: StandardStreams = StandardStreams(), hold: Bool = false,
        _ change: (inout SandboxOptions) -> Void = { _ in }
    ) throws -> ContainerStart {
        var options = SandboxOptions()
        options.arguments = arguments
        options.environment = ["PATH=/usr/bin:/bin"]
        options.hostname = "box"
        options.cgroupsPath = "\(parent)/\(id)"
        options.cgroupVersion = runtime.cgroups.version
        options.terminal = stdio.terminal
        change(&options)
        return ContainerStart(
            id: id, specification: try DefaultSpecification.make(options),
            root: .tree(try PrivateMounts.overlay(layersDirectory: scratch, lower: ["lower"], upper: "upper", work: "work")),
            stdio: stdio,
            log: LogFile(path: "\(scratch)/\(id).log"), hold: hold)
    }

    struct Outcome {
        var exit: ExitRecord
        var output: String
        var error: String
    }

    /// Runs to the end with an attachment from the first byte.
    func run(
        _ arguments: [String], stdio: StandardStreams = StandardStreams(), input: String? = nil,
        _ change: (inout SandboxOptions) -> Void = { _ in }
    ) async throws -> Outcome {
        let request = try request(arguments, stdio: stdio, hold: true, change)
        let process = try await runtime.start(request)
        return try await finish(process, input: input)
    }

    func finish(_ process: ShimProcess, input: String? = nil) async throws -> Outcome {
        let streams = try await process.attach(stdin: input != nil, stdout: true, stderr: true)
        try await process.release()
        if let input {
            try await streams.write(Array(input.utf8))
            try await streams.closeInput()
        }
        var output: [StreamKind: [UInt8]] = [:]
        while let (stream, bytes) = try await streams.next() { output[stream, default: []] += bytes }
        return Outcome(
            exit: await process.waitForExit(), output: String(decoding: output[.stdout] ?? [], as: UTF8.self),
            error: String(decoding: output[.stderr] ?? [], as: UTF8.self))
    }

    /// Creates a fixture for `body` and takes it down whatever happens.
    static func with(_ body: (RuntimeFixture) async throws -> Void) async throws {
        let fixture = try RuntimeFixture()
        do { try await body(fixture) } catch {
            fixture.tearDown()
            throw error
        }
        fixture.tearDown()
    }
}
