/// A row of ContainerChanges: kind 0 modified, 1 added, 2 deleted.
package struct FilesystemChange: Codable, Sendable, Hashable {
    @Lenient package var path = ""
    @Lenient package var kind: Int = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case path = "Path"
        case kind = "Kind"
    }
}

extension FilesystemChange: Blank {
    package static var blank: FilesystemChange { FilesystemChange() }
}
