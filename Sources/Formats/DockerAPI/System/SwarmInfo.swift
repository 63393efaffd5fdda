/// The swarm's state: always inactive here.
package struct SwarmInfo: Codable, Sendable, Hashable {
    @Lenient package var nodeID = ""
    @Lenient package var nodeAddr = ""
    @Lenient package var localNodeState = ""
    @Lenient package var controlAvailable = false
    @Lenient package var error = ""
    @NullEmpty package var remoteManagers: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case nodeID = "NodeID"
        case nodeAddr = "NodeAddr"
        case localNodeState = "LocalNodeState"
        case controlAvailable = "ControlAvailable"
        case error = "Error"
        case remoteManagers = "RemoteManagers"
    }
}

extension SwarmInfo: Blank {
    package static var blank: SwarmInfo { SwarmInfo() }
}
