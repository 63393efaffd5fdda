import Essentials
import Volumes

/// Volumes as the user sees them.
struct VolumeService: VolumeOperations {
    let context: EngineContext

    func create(name: String?, driver: String, options: [String: String], labels: [String: String]) async throws -> VolumeDetails {
        let existed = name.map(context.volumes.isThere) ?? false
        var labels = labels
        if name == nil { labels["com.docker.volume.anonymous"] = "" }
        let volume = try context.volumes.create(
            name: name ?? Identifier.random(), driver: driver.isEmpty ? "local" : driver, options: options, labels: labels)
        if !existed { context.events.publish("volume", "create", actor: volume.name, attributes: ["driver": volume.driver]) }
        return details(volume)
    }

    func list(filters: [String: [String]]) async throws -> [VolumeDetails] {
        for key in filters.keys.sorted() where !["dangling", "driver", "label", "name"].contains(key) {
            throw GantryError.invalid("invalid filter '\(key)'")
        }
        func any(_ key: String, _ test: (String) -> Bool) -> Bool { filters[key].map { $0.contains(where: test) } ?? true }
        return try context.volumes.list().filter { volume in
            let used = try !context.volumes.references(volume.name).isEmpty
            return any("dangling") { (["1", "true"].contains($0.lowercased())) != used } && any("driver") { $0 == volume.driver }
                && any("name") { volume.name.contains($0) }
                && (filters["label"] ?? []).allSatisfy { PruneFilter.matches($0, volume.labels) }
        }.map(details).sorted { $0.name < $1.name }
    }

    func details(_ name: String) async throws -> VolumeDetails { details(try context.volumes.get(name)) }

    private func details(_ volume: Volume) -> VolumeDetails {
        VolumeDetails(
            name: volume.name, driver: volume.driver, mountpoint: context.volumes.mountpoint(volume.name),
            createdAt: volume.createdAt,
            labels: volume.labels, options: volume.options, scope: "local")
    }

    func remove(_ name: String, force: Bool) async throws {
        try context.volumes.remove(name, force: force)
        context.events.publish("volume", "destroy", actor: name, attributes: ["driver": "local"])
    }

    func prune(all: Bool, filters: [String: [String]]) async throws -> PruneReport {
        let filter = try PruneFilter(filters, others: ["all"])
        var report = PruneReport(removed: [], reclaimed: 0)
        for volume in try context.volumes.list() {
            guard all || volume.labels["com.docker.volume.anonymous"] != nil,
                filter.admits(labels: volume.labels, createdAt: volume.createdAt),
                try context.volumes.references(volume.name).isEmpty
            else { continue }
            let size = try context.volumes.size(volume.name)
            try await remove(volume.name, force: false)
            report.removed.append(volume.name)
            report.reclaimed += size
        }
        context.events.publish("volume", "prune", actor: "", attributes: ["reclaimed": "\(report.reclaimed)"])
        return report
    }

    /// All volumes with size and number of containers, for disk usage.
    func usage() throws -> [VolumeDetails] {
        try context.volumes.list().map { volume in
            var result = details(volume)
            result.size = try context.volumes.size(volume.name)
            result.references = try context.volumes.references(volume.name).count
            return result
        }
    }
}

extension VolumeStore {
    /// Whether there is a volume of this name.
    func isThere(_ name: String) -> Bool { (try? get(name)) != nil }
}
