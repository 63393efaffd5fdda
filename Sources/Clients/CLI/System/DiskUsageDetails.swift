import DockerAPI
import Essentials

/// The four tables of `system df -v`.
struct DiskUsageDetails {
    var images: [ImageRow]
    var containers: [ContainerSummary]
    var volumes: [Volume]
    var cache: [BuildCacheRecord]
    /// Bytes of the cache that nothing else shares.
    var cacheSize: Int64

    init(_ usage: DiskUsageBody) {
        images = (usage.images ?? []).flatMap { ImageRow.rows([$0], digests: false).prefix(1) }
        containers = usage.containers ?? []
        volumes = usage.volumes ?? []
        cache = usage.buildCache ?? []
        cacheSize = usage.builderSize ?? cache.filter { !$0.shared }.reduce(0) { $0 + $1.size }
    }

    func text() throws -> String {
        var view = ImageRow.view(fullIDs: false, digests: false)
        view.columns = ["Repository", "Tag", "ID", "CreatedSince", "Size", "SharedSize", "UniqueSize", "Containers"]
        var volumeView = VolumeListCommand.view
        volumeView.columns = ["Name", "Links", "Size"]
        return "Images space usage:\n\n" + (try view.render(images, format: nil))
            + "\nContainers space usage:\n\n" + (try Self.containerView.render(containers, format: nil))
            + "\nLocal Volumes space usage:\n\n" + (try volumeView.render(volumes, format: nil))
            + "\nBuild cache usage: \(ByteSize.decimal(cacheSize))\n\n" + (try Self.cacheView.render(cache, format: nil))
    }

    /// For `--format`: `{"Images":[…],"Containers":[…],"Volumes":[…],"BuildCache":[…]}`.
    func value() throws -> Value {
        func list<Row>(_ view: ListView<Row>, _ rows: [Row]) -> Value { .array(rows.map(view.record)) }
        return .record(
            Value.Record(
                typeName: "formatter.diskUsageContext",
                fields: [
                    "Images": list(ImageRow.view(fullIDs: true, digests: false), images),
                    "Containers": list(Self.containerView, containers), "Volumes": list(VolumeListCommand.view, volumes),
                    "BuildCache": list(Self.cacheView, cache),
                ],
                labels: nil))
    }

    static var containerView: ListView<ContainerSummary> {
        ListView(
            typeName: "*formatter.ContainerContext",
            fields: [
                .init("ID", "CONTAINER ID") { Identifier.short($0.id) },
                .init("Image", "IMAGE") { $0.image },
                .init("Command", "COMMAND") { "\"\(Shortening.ellipsis($0.command, 20))\"" },
                .init("LocalVolumes", "LOCAL VOLUMES") { container in String(container.mounts.filter { $0.driver == "local" }.count)
                },
                .init("Size", "SIZE") { ByteSize.decimal($0.sizeRw, digits: 3) },
                .init("RunningFor", "CREATED") { HumanTime.ago(Timestamp(seconds: $0.created)) },
                .init("Status", "STATUS") { $0.status },
                .init("Names", "NAMES") { container in
                    container.names.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }.filter { !$0.contains("/") }.joined(
                        separator: ",")
                },
            ],
            columns: ["ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"])
    }

    static var cacheView: ListView<BuildCacheRecord> {
        ListView(
            typeName: "*formatter.buildCacheContext",
            fields: [
                .init("ID", "CACHE ID") { Shortening.identifier($0.id) },
                .init("CacheType", "CACHE TYPE") { $0.type },
                .init("Size", "SIZE") { ByteSize.decimal($0.size, digits: 3) },
                .init("CreatedSince", "CREATED") { ago($0.createdAt) },
                .init("LastUsedSince", "LAST USED") { $0.lastUsedAt.map(ago) ?? "" },
                .init("UsageCount", "USAGE") { String($0.usageCount) },
                .init("Shared", "SHARED") { String($0.shared) },
                .init("InUse", "IN USE") { String($0.inUse) },
                .init("Description", "DESCRIPTION") { $0.description },
            ],
            columns: ["ID", "CacheType", "Size", "CreatedSince", "LastUsedSince", "UsageCount", "Shared"])
    }

    private static func ago(_ text: String) -> String { Timestamp(rfc3339: text).map { HumanTime.ago($0) } ?? "" }
}

extension Shortening {
    /// The first twelve characters of an id of any kind.
    static func identifier(_ id: String) -> String { String(id.prefix(12)) }
}
