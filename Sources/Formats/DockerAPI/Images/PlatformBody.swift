/// An OCI platform.
package struct PlatformBody: Codable, Sendable, Hashable {
    @Lenient package var architecture = ""
    @Lenient package var os = ""
    @OmitEmpty package var variant = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case architecture, os, variant
    }
}

extension PlatformBody: Blank {
    package static var blank: PlatformBody { PlatformBody() }
}
