import ContainerRuntime
import Essentials
import GRDB
import Images
import LinuxSystem
import Logging
import Networks
import Synchronization
import Volumes

/// What every part of the engine works with.
final class EngineContext: Sendable {
    let configuration: EngineConfiguration
    let database: any DatabaseWriter
    let runtime: ShimRuntime
    let imageStore: ImageStore
    let networks: NetworkController
    let volumes: VolumeStore
    let events: EventLog
    let containerTable: ContainerTable
    let namespaces = NamespacePool()
    let logger: Logger

    private struct Index {
        var byID: [String: Container] = [:]
        var idByName: [String: String] = [:]
    }

    private let index = Mutex(Index())

    init(
        configuration: EngineConfiguration, database: any DatabaseWriter, runtime: ShimRuntime, imageStore: ImageStore,
        networks: NetworkController, volumes: VolumeStore, logger: Logger
    ) {
        self.configuration = configuration
        self.database = database
        self.runtime = runtime
        self.imageStore = imageStore
        self.networks = networks
        self.volumes = volumes
        self.logger = logger
        events = EventLog(database: database, logger: logger)
        containerTable = ContainerTable(database: database)
    }

    /// An overlay needs at least one lower directory: an image without layers stands on an empty one.
    func lowerNames(_ snapshot: Snapshot) -> [String] { snapshot.lowerNames.isEmpty ? ["../empty"] : snapshot.lowerNames }

    // MARK: The containers there are

    var allContainers: [Container] { index.withLock { Array($0.byID.values) } }

    /// Takes the name for the id, or says whose it is.
    /// - Throws: `conflict` with Docker's words.
    func reserve(name: String, for id: String) throws(GantryError) {
        let owner = index.withLock { index -> String? in
            if let owner = index.idByName[name] { return owner }
            index.idByName[name] = id
            return nil
        }
        guard let owner, owner != id else { return }
        throw .conflict(
            "Conflict. The container name \"/\(name)\" is already in use by container \"\(owner)\". You have to remove (or rename) that container to be able to reuse that name."
        )
    }

    func release(name: String, of id: String) {
        index.withLock { index in
            if index.idByName[name] == id { index.idByName[name] = nil }
        }
    }

    func isTaken(name: String) -> Bool { index.withLock { $0.idByName[name] != nil } }

    func add(_ container: Container, name: String) {
        index.withLock { index in
            index.byID[container.id] = container
            index.idByName[name] = container.id
        }
    }

    func forget(_ container: Container) {
        index.withLock { index in
            index.byID[container.id] = nil
            index.idByName = index.idByName.filter { $0.value != container.id }
        }
    }

    /// Finds by full id, by name (with or without a leading slash), or by a prefix of the id that only one has.
    func container(_ name: NameOrID) throws(GantryError) -> Container {
        let bare = name.hasPrefix("/") ? String(name.dropFirst()) : name
        let found = index.withLock { index -> [Container] in
            if let exact = index.byID[bare] { return [exact] }
            if let id = index.idByName[bare], let named = index.byID[id] { return [named] }
            guard !bare.isEmpty, bare.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }) else { return [] }
            return index.byID.filter { $0.key.hasPrefix(bare) }.map(\.value)
        }
        guard let first = found.first else { throw .notFound("No such container: \(name)") }
        guard found.count == 1 else { throw .invalid("multiple IDs found with provided prefix: \(name)") }
        return first
    }
}

extension Logger {
    /// This logger with one more value in everything it says.
    func with(_ key: String, _ value: String) -> Logger {
        var copy = self
        copy[metadataKey: key] = "\(value)"
        return copy
    }
}
