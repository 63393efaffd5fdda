import BuildGraph
import ContainerRuntime
import Essentials
import GRDB
import Images
import LinuxSystem
package import Logging
import Networks
import RegistryClient
import Volumes

/// The container engine of one data root. Servers call its parts; it ends without touching running containers.
package final class Engine: EngineOperations {
    package let containers: any ContainerOperations
    package let images: any ImageOperations
    package let networks: any NetworkOperations
    package let volumes: any VolumeOperations
    package let builds: any BuildOperations
    package let system: any SystemOperations

    private let context: EngineContext
    private let transfer: ImageTransfer
    private let lock: DataRootLock
    private let logger: Logger

    /// Opens the data root and its database; nothing is started yet.
    /// - Throws: `unavailable` when another daemon has the data root.
    package init(configuration: EngineConfiguration, logger: Logger) throws {
        self.logger = logger
        lock = try DataRootLock(configuration.dataRoot)
        for name in ["containers", "empty", "tmp"] {
            try FileSystem.makeDirectories("\(configuration.dataRoot)/\(name)", mode: 0o710)
        }
        try FileSystem.makeDirectories("\(configuration.execRoot)/containers", mode: 0o711)
        try RemappedRun.checkHost(configuration)
        let database = try StateDatabase.open("\(configuration.dataRoot)/gantry.db")
        let store = try ImageStore(dataRoot: configuration.dataRoot, database: database, logger: logger)
        var network = NetworkConfiguration()
        network.bridgeName = configuration.bridgeName
        network.defaultBridgeAddress = configuration.bridgeAddress
        context = EngineContext(
            configuration: configuration, database: database,
            runtime: try ShimRuntime(
                shimPath: configuration.shimPath, stateDirectory: "\(configuration.execRoot)/containers",
                cgroupDriver: try Self.cgroupDriver(configuration.cgroupDriver), logger: logger),
            imageStore: store, networks: NetworkController(configuration: network, database: database, logger: logger),
            volumes: try VolumeStore(database: database, dataRoot: configuration.dataRoot, logger: logger), logger: logger)
        transfer = ImageTransfer(context: context)
        let containerService = ContainerService(context: context)
        let imageService = ImageService(context: context, transfer: transfer)
        let volumeService = VolumeService(context: context)
        let buildService = try BuildOperationsAdapter(context: context, images: imageService)
        containers = containerService
        images = imageService
        networks = NetworkService(context: context)
        volumes = volumeService
        builds = buildService
        system = SystemService(
            context: context, volumes: volumeService, images: imageService, containers: containerService, builds: buildService,
            engineID: try context.containerTable.setting("engineID") { Identifier.random() })
    }

    private static func cgroupDriver(_ name: String) throws(GantryError) -> CgroupDriver {
        guard let driver = CgroupDriver(rawValue: name) else {
            throw .invalid("invalid native.cgroupdriver `\(name)`: expected cgroupfs or systemd")
        }
        return driver
    }

    /// Finds again what an earlier daemon left running, and takes away what it left behind.
    package func start() async throws {
        async let profile: Void = prepareAppArmor()
        try await Reconciler(context: context).run()
        await profile
    }

    /// A profile that cannot be loaded is tried again by each start that needs it, which then fails with the reason.
    private func prepareAppArmor() async {
        if let warning = AppArmorChoice.warning() { logger.warning("no AppArmor profile", metadata: ["reason": "\(warning)"]) }
        do { try await AppArmorChoice.loadAtStart() } catch {
            logger.error("the default AppArmor profile is not loaded", metadata: ["error": "\(error)"])
        }
    }

    /// Ends the daemon's part: containers run on.
    package func shutdown() async {
        await context.networks.shutdown()
        await transfer.shutdown()
        context.events.writeBatches()
        do { try context.database.close() } catch {
            logger.warning("the database did not close cleanly", metadata: ["error": "\(error)"])
        }
    }
}
