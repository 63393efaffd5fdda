/// The layers of an image by the digests of their unpacked tars.
package struct RootFileSystem: Codable, Sendable, Hashable {
    @Lenient package var type = ""
    @Lenient package var layers: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case type = "Type"
        case layers = "Layers"
    }
}

extension RootFileSystem: Blank {
    package static var blank: RootFileSystem { RootFileSystem() }
}
