package import Essentials

/// A network as it is stored.
package struct Network: Sendable, Codable, Hashable {
    /// One subnet with what was asked of it and the gateway that it got.
    package struct Pool: Sendable, Codable, Hashable {
        package var subnet: String
        /// Addresses are given from here when not empty.
        package var ipRange: String = ""
        package var gateway: String = ""
        /// Name to address; never given to containers.
        package var auxiliaryAddresses: [String: String] = [:]

        package init(subnet: String, ipRange: String = "", gateway: String = "", auxiliaryAddresses: [String: String] = [:]) {
            self.subnet = subnet
            self.ipRange = ipRange
            self.gateway = gateway
            self.auxiliaryAddresses = auxiliaryAddresses
        }
    }

    package var id: String
    package var name: String
    /// `bridge`, `host` or `null`.
    package var driver: String
    package var createdAt: Timestamp
    package var isInternal = false
    package var attachable = false
    package var enableIPv4 = true
    package var enableIPv6 = false
    package var pools: [Pool] = []
    /// True when the user chose the subnet: only then may a container ask for an address.
    package var hasUserSubnet = false
    package var ipamOptions: [String: String] = [:]
    package var options: [String: String] = [:]
    package var labels: [String: String] = [:]

    package init(id: String, name: String, driver: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.driver = driver
        self.createdAt = createdAt
    }

    /// One of `bridge`, `host` and `none`.
    package var isPredefined: Bool { Self.predefinedNames.contains(name) }
    /// The network `bridge`: no names resolve there.
    package var isDefaultBridge: Bool { name == "bridge" }

    package static let predefinedNames: Set<String> = ["bridge", "host", "none"]
}

/// What a new network is to be. Source: Engine API, NetworkCreate.
package struct NetworkSpecification: Sendable {
    package var name: String
    package var driver = "bridge"
    package var isInternal = false
    package var attachable = false
    package var enableIPv4 = true
    package var enableIPv6 = false
    package var ipamDriver = "default"
    package var ipamOptions: [String: String] = [:]
    /// An empty `subnet` asks for one of the pools.
    package var pools: [Network.Pool] = []
    package var options: [String: String] = [:]
    package var labels: [String: String] = [:]

    package init(name: String) { self.name = name }
}
