/// What the header `X-Docker-Container-Path-Stat` holds. Source: Engine API 1.51, ContainerArchiveInfo.
package struct PathStat: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    @Lenient package var size: Int64 = 0
    /// Go's FileMode number: see `GoFileMode`.
    @Lenient package var mode: UInt32 = 0
    @Lenient package var mtime = ""
    @Lenient package var linkTarget = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name, size, mode, mtime, linkTarget
    }
}

extension PathStat: Blank {
    package static var blank: PathStat { PathStat() }
}
