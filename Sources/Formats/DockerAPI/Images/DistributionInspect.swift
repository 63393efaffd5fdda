/// Answer to DistributionInspect.
package struct DistributionInspect: Codable, Sendable, Hashable {
    @Lenient package var descriptor = DescriptorBody()
    @Lenient package var platforms: [PlatformBody] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case descriptor = "Descriptor"
        case platforms = "Platforms"
    }
}

extension DistributionInspect: Blank {
    package static var blank: DistributionInspect { DistributionInspect() }
}
