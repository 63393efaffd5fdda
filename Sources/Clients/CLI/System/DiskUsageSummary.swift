import DockerAPI
import Essentials

/// The four lines of `system df`: how much each kind of thing takes and how much of it could be freed.
struct DiskUsageSummary {
    struct Row: Equatable {
        var type: String
        var total: Int
        var active: Int
        /// Bytes.
        var size: Int64
        var reclaimable: Int64
        /// True where the share that could be freed is told in percent.
        var hasPercent: Bool

        var sizeText: String { ByteSize.decimal(size) }

        var reclaimableText: String {
            let text = ByteSize.decimal(reclaimable)
            guard hasPercent, size > 0 else { return text }
            return "\(text) (\(reclaimable * 100 / size)%)"
        }
    }

    var rows: [Row]

    init(_ usage: DiskUsageBody) {
        rows = [Self.images(usage), Self.containers(usage), Self.volumes(usage), Self.buildCache(usage)]
    }

    private static func images(_ usage: DiskUsageBody) -> Row {
        let images = usage.images ?? []
        var used: Int64 = 0
        for image in images where image.containers > 0 && image.size >= 0 && image.sharedSize >= 0 {
            used += image.size - image.sharedSize
        }
        return Row(
            type: "Images", total: images.count, active: images.filter { $0.containers > 0 }.count, size: usage.layersSize,
            reclaimable: max(0, usage.layersSize - used), hasPercent: true)
    }

    private static func containers(_ usage: DiskUsageBody) -> Row {
        let containers = usage.containers ?? []
        func isActive(_ container: ContainerSummary) -> Bool { ["running", "paused", "restarting"].contains(container.state) }
        let size = containers.reduce(Int64(0)) { $0 + $1.sizeRw }
        let free = containers.filter { !isActive($0) }.reduce(Int64(0)) { $0 + $1.sizeRw }
        return Row(
            type: "Containers", total: containers.count, active: containers.filter(isActive).count, size: size, reclaimable: free,
            hasPercent: true)
    }

    private static func volumes(_ usage: DiskUsageBody) -> Row {
        let volumes = usage.volumes ?? []
        // -1 stands for a size that is not known.
        func size(_ volume: Volume) -> Int64 { max(0, volume.usageData?.size ?? 0) }
        func isActive(_ volume: Volume) -> Bool { (volume.usageData?.refCount ?? 0) > 0 }
        return Row(
            type: "Local Volumes", total: volumes.count, active: volumes.filter(isActive).count,
            size: volumes.reduce(0) { $0 + size($1) }, reclaimable: volumes.filter { !isActive($0) }.reduce(0) { $0 + size($1) },
            hasPercent: true)
    }

    private static func buildCache(_ usage: DiskUsageBody) -> Row {
        let records = usage.buildCache ?? []
        let size = usage.builderSize ?? records.filter { !$0.shared }.reduce(Int64(0)) { $0 + $1.size }
        let used = records.filter { $0.inUse && !$0.shared }.reduce(Int64(0)) { $0 + $1.size }
        return Row(
            type: "Build Cache", total: records.count, active: records.filter(\.inUse).count, size: size,
            reclaimable: max(0, size - used), hasPercent: false)
    }
}
