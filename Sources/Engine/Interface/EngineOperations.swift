package import Essentials
package import OCI

/// What a server needs of the engine, in parts, so that each route asks for little and can be tested alone.
package protocol EngineOperations: Sendable {
    var containers: any ContainerOperations { get }
    var images: any ImageOperations { get }
    var networks: any NetworkOperations { get }
    var volumes: any VolumeOperations { get }
    var builds: any BuildOperations { get }
    var system: any SystemOperations { get }
}

/// The life of containers. Every call throws `notFound` with Docker's words for a name that is not there.
package protocol ContainerOperations: Sendable {
    func create(_ request: ContainerCreateRequest) async throws -> ContainerCreated
    func list(_ query: ContainerQuery) async throws -> [ContainerDetails]
    func details(_ name: NameOrID, size: Bool) async throws -> ContainerDetails
    /// - Parameter checkpoint: what it goes on from; nil: it begins.
    /// - Throws: `notModified` when it runs already.
    func start(_ name: NameOrID, from checkpoint: CheckpointPlace?) async throws
    /// Keeps the state of a running container's processes, and ends them unless they are to run on.
    func makeCheckpoint(_ name: NameOrID, _ place: CheckpointPlace, leavesRunning: Bool) async throws
    /// - Parameter directory: as of ``CheckpointPlace``.
    func checkpoints(_ name: NameOrID, directory: String?) async throws -> [String]
    func removeCheckpoint(_ name: NameOrID, _ place: CheckpointPlace) async throws
    /// - Parameter timeout: seconds before SIGKILL; -1 waits for ever; nil is the container's own or 10.
    /// - Throws: `notModified` when it does not run.
    func stop(_ name: NameOrID, signal: String?, timeout: Int?) async throws
    func restart(_ name: NameOrID, signal: String?, timeout: Int?) async throws
    /// - Parameter signal: a name with or without SIG, or a number; nil is KILL.
    func kill(_ name: NameOrID, signal: String?) async throws
    func pause(_ name: NameOrID) async throws
    func unpause(_ name: NameOrID) async throws
    func rename(_ name: NameOrID, to newName: String) async throws
    func update(_ name: NameOrID, resources: ResourceSettings, restartPolicy: RestartPolicy?) async throws -> [String]
    func remove(_ name: NameOrID, volumes: Bool, force: Bool) async throws
    /// Takes a link away; both containers stay.
    /// - Parameter name: `container/alias`.
    func removeLink(_ name: String) async throws
    func prune(filters: [String: [String]]) async throws -> PruneReport
    /// Checks the name, then answers a function that waits: the caller can send its headers in between.
    func wait(_ name: NameOrID, _ condition: WaitCondition) async throws -> @Sendable () async throws -> WaitResult
    func resize(_ name: NameOrID, to size: ConsoleSize) async throws
    /// Containers that were created but not started may be attached to: the session begins with the first byte.
    func attach(_ name: NameOrID, _ request: AttachRequest) async throws -> any AttachSession
    /// - Returns: whether the container has a terminal, and what reads its log.
    func logs(_ name: NameOrID, _ query: LogQuery) async throws -> (terminal: Bool, read: LogRead)
    func top(_ name: NameOrID, arguments: String) async throws -> ProcessTable
    func changes(_ name: NameOrID) async throws -> [FileChange]
    /// The whole root file system as a tar.
    func export(_ name: NameOrID, to sink: ByteSink) async throws
    func pathStatus(_ name: NameOrID, _ path: String) async throws -> PathStatus
    /// Checks the path, then answers its status and a function that writes the tar.
    func readArchive(_ name: NameOrID, _ path: String) async throws -> (PathStatus, @Sendable (ByteSink) async throws -> Void)
    func writeArchive(
        _ name: NameOrID, _ path: String, from archive: ByteStream, noOverwriteDirectoryNonDirectory: Bool, copyOwners: Bool)
        async throws
    func commit(_ request: CommitRequest) async throws -> Digest
    /// One sample, or nil when the container does not run.
    func statistics(_ name: NameOrID) async throws -> ContainerStatistics?

    func createExec(_ name: NameOrID, _ request: ExecRequest) async throws -> String
    /// Starts it with its streams; a failure to start is told through the session's output and the exit code.
    func startExec(_ id: String, terminal: Bool, consoleSize: ConsoleSize?) async throws -> any AttachSession
    func startExecDetached(_ id: String) async throws
    func resizeExec(_ id: String, to size: ConsoleSize) async throws
    func execDetails(_ id: String) async throws -> ExecDetails
}

/// A reading of a container's cgroup and links. Memory in bytes, times in nanoseconds.
package struct ContainerStatistics: Sendable {
    /// Read on cgroup v2, which has fewer counters.
    package var isUnified = true
    package struct BlockEntry: Sendable {
        package var major: UInt64
        package var minor: UInt64
        package var operation: String
        package var value: UInt64
    }
    package struct NetworkCounters: Sendable {
        package var receivedBytes: UInt64 = 0
        package var receivedPackets: UInt64 = 0
        package var receivedErrors: UInt64 = 0
        package var receivedDropped: UInt64 = 0
        package var sentBytes: UInt64 = 0
        package var sentPackets: UInt64 = 0
        package var sentErrors: UInt64 = 0
        package var sentDropped: UInt64 = 0
    }

    package var id: String = ""
    package var name: String = ""
    package var readAt = Timestamp(nanoseconds: 0)
    package var cpuTotal: UInt64 = 0
    package var cpuUser: UInt64 = 0
    package var cpuSystem: UInt64 = 0
    package var cpuPerProcessor: [UInt64] = []
    package var hostCPUTotal: UInt64 = 0
    package var onlineProcessors: Int = 0
    package var throttledPeriods: UInt64 = 0
    package var periods: UInt64 = 0
    package var throttledTime: UInt64 = 0
    package var memoryUsage: UInt64 = 0
    package var memoryPeak: UInt64 = 0
    package var memoryLimit: UInt64 = 0
    package var memoryFailures: UInt64 = 0
    package var memoryDetails: [String: UInt64] = [:]
    package var processes: UInt64 = 0
    /// 0 for no limit.
    package var processLimit: UInt64 = 0
    package var blockBytes: [BlockEntry]?
    package var blockOperations: [BlockEntry]?
    /// nil without a network namespace of its own.
    package var networks: [String: NetworkCounters]?

    package init() {}
}

package protocol NetworkOperations: Sendable {
    func create(_ request: NetworkCreateRequest) async throws -> (id: String, warning: String)
    func list(filters: [String: [String]]) async throws -> [NetworkDetails]
    func details(_ name: NameOrID) async throws -> NetworkDetails
    func remove(_ name: NameOrID) async throws
    func connect(_ network: NameOrID, container: NameOrID, settings: NetworkAttachmentSettings) async throws
    func disconnect(_ network: NameOrID, container: NameOrID, force: Bool) async throws
    func prune(filters: [String: [String]]) async throws -> PruneReport
}

package struct AddressPool: Sendable, Codable, Hashable {
    package var subnet: String = ""
    package var ipRange: String = ""
    package var gateway: String = ""
    package var auxiliaryAddresses: [String: String] = [:]

    package init() {}
}

package struct NetworkCreateRequest: Sendable {
    package var name: String
    package var driver = "bridge"
    package var isInternal = false
    package var attachable = false
    package var ingress = false
    package var configOnly = false
    package var configFrom = ""
    package var scope = ""
    package var enableIPv4: Bool?
    package var enableIPv6: Bool?
    package var ipamDriver = "default"
    package var ipamOptions: [String: String] = [:]
    package var pools: [AddressPool] = []
    package var options: [String: String] = [:]
    package var labels: [String: String] = [:]

    package init(name: String) { self.name = name }
}

package struct NetworkDetails: Sendable {
    package struct Member: Sendable {
        package var containerID: String
        package var name: String
        package var endpointID: String
        package var macAddress: String
        /// With prefix length, `172.17.0.2/16`; empty when none.
        package var ipv4Address: String
        package var ipv6Address: String
    }

    package var id: String
    package var name: String
    package var createdAt: Timestamp
    package var scope: String
    package var driver: String
    package var isInternal: Bool
    package var attachable: Bool
    package var enableIPv4: Bool
    package var enableIPv6: Bool
    package var ipamDriver: String
    package var ipamOptions: [String: String]
    package var pools: [AddressPool]
    package var options: [String: String]
    package var labels: [String: String]
    package var members: [Member]
}

package protocol VolumeOperations: Sendable {
    func create(name: String?, driver: String, options: [String: String], labels: [String: String]) async throws -> VolumeDetails
    func list(filters: [String: [String]]) async throws -> [VolumeDetails]
    func details(_ name: String) async throws -> VolumeDetails
    func remove(_ name: String, force: Bool) async throws
    /// - Parameter all: named volumes too.
    func prune(all: Bool, filters: [String: [String]]) async throws -> PruneReport
}

package struct VolumeDetails: Sendable {
    package var name: String
    package var driver: String
    package var mountpoint: String
    package var createdAt: Timestamp
    package var labels: [String: String]
    package var options: [String: String]
    package var scope: String
    /// Bytes and number of containers; filled by disk usage only.
    package var size: Int64?
    package var references: Int?
}
