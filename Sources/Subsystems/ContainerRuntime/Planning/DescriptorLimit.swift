internal import OCI

/// A program may be limited to fewer descriptors than it takes to prepare its container: that limit comes last.
enum DescriptorLimit {
    private static let name = "RLIMIT_NOFILE"
    /// More than a preparation ever has open.
    private static let enough: UInt64 = 1024

    /// What is set at the beginning, where it may still be raised above the daemon's own.
    static func early(_ limits: [RuntimeSpecification.ResourceLimit]) -> [RuntimeSpecification.ResourceLimit] {
        limits.compactMap { limit in
            guard limit.type == name, limit.soft < enough else { return limit }
            guard limit.hard >= enough else { return nil }
            return RuntimeSpecification.ResourceLimit(type: name, hard: limit.hard, soft: limit.hard)
        }
    }

    static func late(_ limits: [RuntimeSpecification.ResourceLimit]) -> RuntimeSpecification.ResourceLimit? {
        limits.first { $0.type == name && $0.soft < enough }
    }
}
