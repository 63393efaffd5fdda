/// An OCI descriptor.
package struct DescriptorBody: Codable, Sendable, Hashable {
    @Lenient package var mediaType = ""
    @Lenient package var digest = ""
    @Lenient package var size: Int64 = 0
    @OmitEmpty package var urls: [String] = []
    @OmitEmpty package var annotations: [String: String] = [:]
    package var platform: PlatformBody?
    @OmitEmpty package var artifactType = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case mediaType, digest, size, urls, annotations, platform, artifactType
    }
}

extension DescriptorBody: Blank {
    package static var blank: DescriptorBody { DescriptorBody() }
}
