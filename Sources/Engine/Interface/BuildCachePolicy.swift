/// How much the build cache may take. Source: moby/buildkit, client.PruneInfo; docker builder prune.
package struct BuildCacheBudget: Sendable, Hashable {
    /// Bytes that are kept in any case.
    package var reserved: Int64 = 0
    /// Bytes that it may have at most; 0 for no limit of its own.
    package var maximum: Int64 = 0
    /// Bytes of the disk that are to be free; 0 for no such wish.
    package var minimumFree: Int64 = 0

    package init() {}

    /// What may stay.
    /// - Parameters:
    ///   - total: bytes that the cache has.
    ///   - free: bytes of the disk that are free.
    /// - Returns: bytes; nil where no budget is set, so that nothing is to stay.
    package func kept(total: Int64, free: Int64) -> Int64? {
        guard reserved > 0 || maximum > 0 || minimumFree > 0 else { return nil }
        var kept = maximum > 0 ? maximum : minimumFree > 0 ? Int64.max : 0
        if minimumFree > free { kept = min(kept, total - (minimumFree - free)) }
        return max(kept, reserved)
    }
}

/// One step of the automatic cleaning of the build cache.
package struct BuildCacheRule: Sendable, Hashable {
    /// Bytes, or a share of the disk.
    package enum Space: Sendable, Hashable {
        case bytes(Int64)
        case percent(Int64)

        func bytes(ofDisk size: Int64) -> Int64 {
            switch self {
            case .bytes(let bytes): bytes
            case .percent(let part): Int64(Double(size) / 100 * Double(part))
            }
        }
    }

    /// Also what is shared with images.
    package var all = false
    /// As those of a prune.
    package var filters: [String: [String]] = [:]
    package var reserved: Space?
    package var maximum: Space?
    package var minimumFree: Space?

    package init() {}

    func budget(ofDisk size: Int64) -> BuildCacheBudget {
        var budget = BuildCacheBudget()
        budget.reserved = reserved?.bytes(ofDisk: size) ?? 0
        budget.maximum = maximum?.bytes(ofDisk: size) ?? 0
        budget.minimumFree = minimumFree?.bytes(ofDisk: size) ?? 0
        return budget
    }
}

/// What is cleaned after builds. Source: docker docs, build garbage collection; `builder.gc` of daemon.json.
package struct BuildCachePolicy: Sendable, Hashable {
    package var isEnabled = true
    /// In order; nil for the usual ones.
    package var rules: [BuildCacheRule]?
    /// For the usual rules.
    package var reserved: BuildCacheRule.Space?
    package var maximum: BuildCacheRule.Space?
    package var minimumFree: BuildCacheRule.Space?

    package init() {}

    /// The usual ones: what is easily had again goes first, then what is old, then the least recently used.
    func rules(ofDisk size: Int64) -> [BuildCacheRule] {
        if let rules { return rules }
        var any = BuildCacheRule()
        any.reserved = reserved ?? .bytes(min(size / 10, 10_000_000_000))
        any.maximum = maximum ?? (reserved == nil ? .bytes(min(size / 100 * 80, 100_000_000_000)) : nil)
        any.minimumFree = minimumFree ?? (reserved == nil ? .percent(20) : nil)
        var mounts = BuildCacheRule()
        mounts.filters = ["type": ["exec.cachemount"], "until": ["48h"]]
        mounts.maximum = .bytes(512_000_000)
        var old = any
        old.filters = ["until": ["1440h"]]
        var all = any
        all.all = true
        return [mounts, old, any, all]
    }
}
