import Essentials
import OCI
import Synchronization

@testable import Engine

/// Containers that exist only as far as a test needs them. Calls that no test makes fail.
final class FakeContainers: ContainerOperations {
    let created = Mutex<ContainerCreateRequest?>(nil)
    let stopped = Mutex<(signal: String?, timeout: Int?)?>(nil)
    let exit = Signal()
    let session = FakeSession(chunks: [
        OutputChunk(kind: .stdout, bytes: Array("ready\n".utf8)), OutputChunk(kind: .stderr, bytes: Array("end\n".utf8)),
    ])

    private func missing(_ name: String) -> GantryError { .notFound("No such container: \(name)") }
    private var unused: GantryError { .unsupported("not part of this fake") }

    func create(_ request: ContainerCreateRequest) async throws -> ContainerCreated {
        created.withLock { $0 = request }
        return ContainerCreated(id: String(repeating: "a", count: 64), warnings: [])
    }

    func list(_ query: ContainerQuery) async throws -> [ContainerDetails] { [Self.details()] }

    func details(_ name: NameOrID, size: Bool) async throws -> ContainerDetails {
        guard name == "web" else { throw missing(name) }
        return Self.details()
    }

    func start(_ name: NameOrID, from checkpoint: CheckpointPlace?) async throws {
        throw GantryError(.notModified, "runs already")
    }

    func stop(_ name: NameOrID, signal: String?, timeout: Int?) async throws { stopped.withLock { $0 = (signal, timeout) } }

    func wait(_ name: NameOrID, _ condition: WaitCondition) async throws -> @Sendable () async throws -> WaitResult {
        guard name == "web" else { throw missing(name) }
        return {
            await self.exit.wait()
            return WaitResult(exitCode: 3, error: nil)
        }
    }

    func attach(_ name: NameOrID, _ request: AttachRequest) async throws -> any AttachSession {
        guard name == "web" else { throw missing(name) }
        return session
    }

    func logs(_ name: NameOrID, _ query: LogQuery) async throws -> (terminal: Bool, read: LogRead) {
        let time = Timestamp(seconds: 1_795_460_954)
        return (
            false,
            { body in
                var batch = LogBatch()
                batch.append(.stdout, time, "out\n".utf8)
                batch.append(.stderr, time, "err\n".utf8)
                try await body(batch)
            }
        )
    }

    func execDetails(_ id: String) async throws -> ExecDetails {
        guard id == "run" else { throw GantryError.notFound("No such exec instance: \(id)") }
        var request = ExecRequest(command: ["sh", "-c", "x"])
        request.attachStdin = true
        return ExecDetails(
            id: id, containerID: "c", request: request, running: false, exitCode: nil, processID: 0, opensStdin: true)
    }

    func startExec(_ id: String, terminal: Bool, consoleSize: ConsoleSize?) async throws -> any AttachSession {
        throw GantryError.conflict("Error: Exec command \(id) has already run")
    }

    static func details() -> ContainerDetails {
        var settings = ContainerSettings(image: "busybox")
        settings.environment = ["A=1"]
        settings.command = ["sleep", "1 day"]
        settings.host.resources.memory = 1 << 25
        settings.host.portBindings = ["80/tcp": [PortBindingRequest(hostPort: "0")]]
        var run = ContainerRun()
        run.startedAt = Timestamp(seconds: 1_795_460_000)
        var endpoint = EndpointDetails(networkName: "bridge", networkID: "n1", settings: NetworkAttachmentSettings())
        endpoint.ipv4Address = "172.17.0.2"
        endpoint.ipv4PrefixLength = 16
        endpoint.gateway = "172.17.0.1"
        return ContainerDetails(
            id: String(repeating: "b", count: 64), name: "web", createdAt: Timestamp(seconds: 1_795_459_999), settings: settings,
            program: ["sleep", "1 day"], imageID: Digest(sha256: [UInt8](repeating: 1, count: 32)),
            platform: Platform(os: "linux", architecture: "amd64"), phase: .running(processID: 42), run: run, restartCount: 0,
            health: nil, mounts: [], networks: [endpoint],
            ports: ["80/tcp": [PublishedPort(hostAddress: "0.0.0.0", hostPort: 32769)], "81/tcp": []], execIDs: [], logPath: "",
            hostnamePath: "", hostsPath: "", resolvConfPath: "",
            layerDirectories: LayerDirectories(upper: "/u", work: "/w", lower: ["/l2", "/l1"]),
            why: ContainerWhy(summary: "running", facts: ["a fact"], advice: [], ends: []))
    }

    func restart(_ name: NameOrID, signal: String?, timeout: Int?) async throws { throw unused }
    func kill(_ name: NameOrID, signal: String?) async throws { throw unused }
    func pause(_ name: NameOrID) async throws { throw unused }
    func unpause(_ name: NameOrID) async throws { throw unused }
    func rename(_ name: NameOrID, to newName: String) async throws { throw unused }
    func update(_ name: NameOrID, resources: ResourceSettings, restartPolicy: RestartPolicy?) async throws -> [String] {
        throw unused
    }
    func remove(_ name: NameOrID, volumes: Bool, force: Bool) async throws { throw missing(name) }
    func removeLink(_ name: String) async throws { throw unused }
    func prune(filters: [String: [String]]) async throws -> PruneReport { PruneReport(removed: [], reclaimed: 0) }
    func resize(_ name: NameOrID, to size: ConsoleSize) async throws { throw unused }
    func makeCheckpoint(_ name: NameOrID, _ place: CheckpointPlace, leavesRunning: Bool) async throws { throw unused }
    func checkpoints(_ name: NameOrID, directory: String?) async throws -> [String] { throw unused }
    func removeCheckpoint(_ name: NameOrID, _ place: CheckpointPlace) async throws { throw unused }
    func top(_ name: NameOrID, arguments: String) async throws -> ProcessTable { throw unused }
    func changes(_ name: NameOrID) async throws -> [FileChange] { [] }
    func export(_ name: NameOrID, to sink: ByteSink) async throws { throw unused }
    func pathStatus(_ name: NameOrID, _ path: String) async throws -> PathStatus {
        PathStatus(name: "etc", size: 4096, mode: 0o040755, modifiedAt: Timestamp(seconds: 0), linkTarget: "")
    }
    func readArchive(_ name: NameOrID, _ path: String) async throws -> (PathStatus, @Sendable (ByteSink) async throws -> Void) {
        throw unused
    }
    func writeArchive(
        _ name: NameOrID, _ path: String, from archive: ByteStream, noOverwriteDirectoryNonDirectory: Bool, copyOwners: Bool
    ) async throws { throw unused }
    func commit(_ request: CommitRequest) async throws -> Digest { throw unused }
    func statistics(_ name: NameOrID) async throws -> ContainerStatistics? { nil }
    func createExec(_ name: NameOrID, _ request: ExecRequest) async throws -> String { throw unused }
    func startExecDetached(_ id: String) async throws { throw unused }
    func resizeExec(_ id: String, to size: ConsoleSize) async throws { throw unused }
}

/// Gives its chunks once the input ended, and keeps the input.
final class FakeSession: AttachSession {
    let terminal = false
    let input = Mutex<[UInt8]>([])
    private let chunks: Mutex<[OutputChunk]>
    private let ended = Signal()

    init(chunks: [OutputChunk]) { self.chunks = Mutex(chunks) }

    func next() async throws -> OutputChunk? {
        await ended.wait()
        return chunks.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    func write(_ bytes: [UInt8]) async throws { input.withLock { $0 += bytes } }
    func closeInput() async throws { ended.fire() }
    func close() async {}
}
