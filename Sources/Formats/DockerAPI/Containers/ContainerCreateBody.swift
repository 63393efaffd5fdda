/// Body of ContainerCreate: the fields of the configuration at the top level, host and networks beside them.
package struct ContainerCreateBody: Codable, Sendable, Hashable {
    package var config: ContainerConfig
    package var hostConfig: HostConfig?
    package var networkingConfig: NetworkingConfig?

    package init(
        config: ContainerConfig = ContainerConfig(), hostConfig: HostConfig? = nil, networkingConfig: NetworkingConfig? = nil
    ) {
        self.config = config
        self.hostConfig = hostConfig
        self.networkingConfig = networkingConfig
    }

    private enum CodingKeys: String, CodingKey {
        case hostConfig = "HostConfig"
        case networkingConfig = "NetworkingConfig"
    }

    package init(from decoder: any Decoder) throws {
        config = try ContainerConfig(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        hostConfig = try container.decodeIfPresent(HostConfig.self, forKey: .hostConfig)
        networkingConfig = try container.decodeIfPresent(NetworkingConfig.self, forKey: .networkingConfig)
    }

    package func encode(to encoder: any Encoder) throws {
        try config.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(hostConfig, forKey: .hostConfig)
        try container.encodeIfPresent(networkingConfig, forKey: .networkingConfig)
    }

    /// As JSON, without the fields that are left at what they are when nobody says anything.
    package func text() throws -> [UInt8] {
        let object = SparseObject()
        try config.addMembers(to: object)
        try object.add(CodingKeys.hostConfig, hostConfig ?? HostConfig()) { try $0.addMembers(to: $1) }
        try object.add(CodingKeys.networkingConfig, networkingConfig)
        return object.text
    }
}
