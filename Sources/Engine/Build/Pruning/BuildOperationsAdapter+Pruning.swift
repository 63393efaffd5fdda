import BuildGraph
import CLinux
import Crypto
import Essentials
import Images
import LinuxSystem
import Logging
import OCI

extension BuildOperationsAdapter {
    /// A record with what it is behind it.
    struct CacheItem: Sendable {
        enum Thing: Sendable {
            case step(CachedStep)
            /// A cache mount's id.
            case mount(String)
        }

        var record: DiskUsage.CacheRecord
        var thing: Thing
    }

    /// The remembered steps and the cache mounts, least recently used first.
    func cacheRecords() async throws -> [DiskUsage.CacheRecord] { try await cacheItems().map(\.record) }

    func cacheRecords(filters: [String: [String]]) async throws -> [DiskUsage.CacheRecord] {
        let filter = try CacheRecordFilter(filters)
        return try await cacheRecords().filter { filter.admits($0) }
    }

    func cacheItems() async throws -> [CacheItem] {
        let used = Set(try context.imageStore.list().flatMap { $0.layers.map(\.chainID.description) })
        var items = try cache.all().map { step in
            CacheItem(
                record: DiskUsage.CacheRecord(
                    id: step.key, kind: "regular", description: step.description, inUse: false, shared: used.contains(step.chainID),
                    size: step.size, createdAt: step.createdAt, lastUsedAt: step.useCount > 0 ? step.lastUsedAt : nil,
                    useCount: step.useCount,
                    parents: step.ingredients.filter { $0.kind == .parent && $0.value != "scratch" }.map(\.value)),
                thing: .step(step))
        }
        for entry in try mounts.list() {
            let mounts = mounts
            let size = try await BlockingWork.run { try mounts.size(entry.id) }
            items.append(
                CacheItem(
                    record: DiskUsage.CacheRecord(
                        id: Identifier.hex(SHA256.hash(data: Array("cache mount \(entry.id)".utf8))),
                        kind: DiskUsage.CacheRecord.mountKind, description: "cache mount \(entry.id)",
                        inUse: await mounts.locks.isUsed(mounts.path(entry.id)), shared: false, size: size,
                        createdAt: entry.createdAt, lastUsedAt: entry.useCount > 0 ? entry.lastUsedAt : nil,
                        useCount: entry.useCount, parents: []), thing: .mount(entry.id)))
        }
        return items.sorted { ($0.record.lastUsedAt ?? $0.record.createdAt) < ($1.record.lastUsedAt ?? $1.record.createdAt) }
    }

    func pruneCache(all: Bool, filters: [String: [String]], budget: BuildCacheBudget) async throws -> PruneReport {
        let report = try await prune(try await cacheItems(), all: all, filters: filters, budget: budget)
        let store = context.imageStore
        try await BlockingWork.run { try store.collectGarbage() }
        context.events.publish("builder", "prune", actor: "", attributes: ["reclaimed": "\(report.reclaimed)"])
        return report
    }

    /// Removes records, least recently used first, until no more is left than the budget allows.
    private func prune(
        _ items: [CacheItem], all: Bool, filters: [String: [String]], budget: BuildCacheBudget
    ) async throws -> PruneReport {
        let filter = try CacheRecordFilter(filters)
        var layers = CountedLayers(items)
        var report = PruneReport(removed: [], reclaimed: 0)
        let kept = budget.kept(total: layers.total, free: try disk().free)
        var keys: [String] = []
        for item in items {
            if let kept, layers.total <= kept { break }
            let record = item.record
            guard all || !record.shared, !record.inUse, filter.admits(record) else { continue }
            switch item.thing {
            case .step(let step): keys.append(step.key)
            case .mount(let id): guard try await mounts.remove(id) else { continue }
            }
            report.removed.append(record.id)
            report.reclaimed += layers.remove(item)
        }
        try cache.remove(keys)
        return report
    }

    /// Bytes of the disk that the data root is on.
    func disk() throws -> (size: Int64, free: Int64) {
        var status = statvfs()
        let path = context.configuration.dataRoot
        try LinuxSystem.check("statvfs", path) { statvfs(path, &status) }
        func bytes(_ blocks: UInt) -> Int64 {
            Int64(clamping: UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
        }
        return (bytes(status.f_blocks), bytes(status.f_bavail))
    }

    /// Cleans as the daemon's policy says; called after a build, and not again before it has been quiet for twenty times as long as
    /// it took.
    func collectCache() async {
        let policy = context.configuration.buildCachePolicy
        guard policy.isEnabled, collection.begin() else { return }
        defer { collection.end() }
        do {
            let (size, store) = (try disk().size, context.imageStore)
            var items = try await cacheItems()
            for rule in policy.rules(ofDisk: size) {
                let report = try await prune(
                    items, all: rule.all, filters: rule.filters, budget: rule.budget(ofDisk: size))
                guard !report.removed.isEmpty else { continue }
                try await BlockingWork.run { try store.collectGarbage() }
                items = try await cacheItems()
                context.logger.info(
                    "build cache was cleaned",
                    metadata: ["records": "\(report.removed.count)", "bytes": "\(report.reclaimed)"])
            }
        } catch {
            context.logger.warning("the build cache cannot be cleaned", metadata: ["error": "\(error)"])
        }
    }
}

/// Bytes that would come free: a layer counts once, and not when an image has it.
private struct CountedLayers {
    private var records: [String: Int] = [:]
    private(set) var total: Int64 = 0

    init(_ items: [BuildOperationsAdapter.CacheItem]) {
        for item in items where !item.record.shared {
            guard case .step(let step) = item.thing else {
                total += item.record.size
                continue
            }
            records[step.chainID, default: 0] += 1
            if records[step.chainID] == 1 { total += step.size }
        }
    }

    /// - Returns: bytes that came free.
    mutating func remove(_ item: BuildOperationsAdapter.CacheItem) -> Int64 {
        if item.record.shared { return 0 }
        if case .step(let step) = item.thing {
            records[step.chainID, default: 1] -= 1
            guard records[step.chainID] == 0 else { return 0 }
        }
        total -= item.record.size
        return item.record.size
    }
}
