import BuildGraph
import Builder
import Dockerfile
import Essentials
import Foundation
import GRDB
import LinuxSystem
import OCI
import Synchronization

/// One worker and cache, on which builds are tried one after the other.
final class BuildRun: Sendable {
    let worker: DirectoryWorker
    let cache: StepCache
    private let told = Mutex<[BuildEvent]>([])

    init() throws {
        worker = try DirectoryWorker()
        let queue = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        StepCache.registerMigrations(&migrator)
        try migrator.migrate(queue)
        cache = StepCache(database: queue)
        var defaults = ContainerDefaults()
        defaults.environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        defaults.command = ["sh"]
        let config = ImageConfig(
            created: "2024-01-01T00:00:00Z", platform: .host, config: defaults,
            history: [ImageConfig.History(created: "2024-01-01T00:00:00Z", createdBy: nil, comment: "Imported from -")])
        let files = [
            "etc/passwd":
                "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\ndaemon:x:0:0::/:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\n",
            "etc/group": "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\ndaemon:x:0:\n", "bin/true": "true", "tmp/.keep": "",
            "root/.keep": "",
        ]
        try worker.addBase("busybox", config: config, files: files)
    }

    /// Events of the last build.
    var events: [BuildEvent] { told.withLock { $0 } }

    func context(_ files: [String: String]) throws {
        for (name, text) in files {
            let path = "\(worker.contextPath)/\(name)"
            try FileSystem.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try FileSystem.replace(path, with: text)
        }
    }

    @discardableResult
    func build(
        _ dockerfile: String, ignore: String = "", exchange: (any CacheExchange)? = nil,
        _ change: (inout BuildOptions) -> Void = { _ in }
    ) async throws -> ImageConfig {
        told.withLock { $0 = [] }
        var options = BuildOptions()
        options.scope = "test"
        change(&options)
        let context = BuildContext(
            root: try OwnedDescriptor.open(worker.contextPath, O_RDONLY | O_DIRECTORY), ignored: try IgnoreFile(ignore))
        let builder = ImageBuilder(
            worker: worker, cache: cache, exchange: exchange, options: options, context: context, dockerfile: dockerfile
        ) { event in
            self.told.withLock { $0.append(event) }
        }
        _ = try await builder.build(tags: [])
        guard let config = worker.images.last else { throw GantryError.internal("no image") }
        return config
    }

    /// The instructions that came from the cache.
    var cached: [Int] { events.compactMap { if case .stepCached(let id, _, _) = $0 { id } else { nil } } }
    var explanations: [String] { events.compactMap { if case .explanation(_, let cause) = $0 { cause.text } else { nil } } }

    /// A file of the last image.
    func file(_ path: String) throws -> String { try FileSystem.readText("\(worker.path(worker.lastChain))\(path)") }
    func status(_ path: String) throws -> FileStatus { try FileStatus("\(worker.path(worker.lastChain))\(path)") }
}
