/// How registries are reached.
package struct RegistryConfig: Codable, Sendable, Hashable {
    @NullEmpty package var allowNondistributableArtifactsCIDRs: [String] = []
    @NullEmpty package var allowNondistributableArtifactsHostnames: [String] = []
    @Lenient package var insecureRegistryCIDRs: [String] = []
    @Lenient package var indexConfigs: [String: RegistryIndex] = [:]
    @NullEmpty package var mirrors: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case allowNondistributableArtifactsCIDRs = "AllowNondistributableArtifactsCIDRs"
        case allowNondistributableArtifactsHostnames = "AllowNondistributableArtifactsHostnames"
        case insecureRegistryCIDRs = "InsecureRegistryCIDRs"
        case indexConfigs = "IndexConfigs"
        case mirrors = "Mirrors"
    }
}

extension RegistryConfig: Blank {
    package static var blank: RegistryConfig { RegistryConfig() }
}
