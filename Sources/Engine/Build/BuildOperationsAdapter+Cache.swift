import BuildGraph
import CLinux
import Essentials
import Images
import LinuxSystem
import OCI

extension BuildOperationsAdapter {
    /// Days after which a result that nobody asked for is forgotten.
    private static let keptDays: Int64 = 60

    /// The remembered steps, least recently used first.
    func cacheRecords() async throws -> [DiskUsage.CacheRecord] {
        let used = try layersInImages()
        return try cache.all().map { step in
            DiskUsage.CacheRecord(
                id: step.key, kind: "regular", description: step.description, inUse: false, shared: used.contains(step.chainID),
                size: step.size, createdAt: step.createdAt, lastUsedAt: step.useCount > 0 ? step.lastUsedAt : nil,
                useCount: step.useCount,
                parents: step.ingredients.filter { $0.kind == .parent && $0.value != "scratch" }.map(\.value))
        }
    }

    /// - Parameters:
    ///   - all: also results whose layers images stand on; the layers themselves stay then.
    ///   - filters: `until` (age since the last use), `id`, `description`.
    ///   - keepBytes: stop as soon as no more than this is left; 0 keeps nothing.
    func pruneCache(all: Bool, filters: [String: [String]], keepBytes: Int64) async throws -> PruneReport {
        let used = try layersInImages()
        let limit = try Self.until(filters)
        var report = PruneReport(removed: [], reclaimed: 0)
        let steps = try cache.all()
        var total = steps.filter { !used.contains($0.chainID) }.reduce(0) { $0 + $1.size }
        for step in steps {
            let shared = used.contains(step.chainID)
            if shared, !all { continue }
            if keepBytes > 0, total <= keepBytes { break }
            if let limit, step.lastUsedAt > limit { continue }
            if let ids = filters["id"], !ids.contains(where: { step.key.hasPrefix($0) }) { continue }
            if let texts = filters["description"], !texts.contains(step.description) { continue }
            report.removed.append(step.key)
            if !shared {
                report.reclaimed += step.size
                total -= step.size
            }
        }
        try cache.remove(report.removed)
        if all, filters.isEmpty, keepBytes == 0 { report.reclaimed += try await removeMountedCaches() }
        let store = context.imageStore
        try await BlockingWork.run { try store.collectGarbage() }
        context.events.publish("builder", "prune", actor: "", attributes: ["reclaimed": "\(report.reclaimed)"])
        return report
    }

    /// Forgets what was not used for long.
    func removeStale() throws {
        try cache.removeUnused(since: Timestamp(seconds: Timestamp.now().seconds - Self.keptDays * 86400))
    }

    /// Directories of `--mount=type=cache`.
    /// - Returns: bytes of their files.
    private func removeMountedCaches() async throws -> Int64 {
        let path = EngineBuildWorker.cacheDirectory(context)
        return try await BlockingWork.run {
            guard FileSystem.exists(path) else { return 0 }
            let bytes = try Self.size(OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY))
            try FileSystem.removeTree(path)
            return bytes
        }
    }

    private static func size(_ directory: OwnedDescriptor) throws -> Int64 {
        var total: Int64 = 0
        for name in try DirectoryReader(descriptor: directory).names() {
            let status = try FileStatus(String(decoding: name, as: UTF8.self), in: directory.raw)
            if status.kind == .directory {
                total += try size(directory.openBeneath(String(decoding: name, as: UTF8.self), O_RDONLY | O_DIRECTORY))
            } else {
                total += status.size
            }
        }
        return total
    }

    /// Every chain of layers that an image has.
    private func layersInImages() throws -> Set<String> {
        Set(try context.imageStore.list().flatMap { $0.layers.map(\.chainID.description) })
    }

    /// `24h`, `10m` or a number of seconds, before now.
    private static func until(_ filters: [String: [String]]) throws -> Timestamp? {
        guard let text = (filters["until"] ?? filters["unused-for"])?.first else { return nil }
        do { return Timestamp(nanoseconds: Timestamp.now().nanoseconds - (try GoDuration.nanoseconds(text))) } catch {
            throw GantryError.invalid(
                "invalid value for the filter `until`: `\(text)`, expected a duration such as `24h`", cause: error)
        }
    }
}
