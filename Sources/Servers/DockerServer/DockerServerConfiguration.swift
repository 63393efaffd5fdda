internal import Essentials

/// Where the server listens and what it says of itself.
package struct DockerServerConfiguration: Sendable {
    /// As `-H` takes them: `unix:///run/gantry.sock`, `tcp://127.0.0.1:2375`.
    package var hosts: [String]
    package var identity: ServerIdentity
    /// For all TCP addresses; nil for plain text.
    package var tls: TLSContext?

    package init(
        hosts: [String], version: String, revision: String = "", buildTime: String = "", isExperimental: Bool = false,
        tls: TLSContext? = nil
    ) {
        self.hosts = hosts
        identity = ServerIdentity(version: version, revision: revision, buildTime: buildTime, isExperimental: isExperimental)
        self.tls = tls
    }

    /// - Throws: `invalid` for an address that is none.
    func listeners() throws -> [DockerServer.Listener] {
        try hosts.map { host in
            let address = try ListenAddress(parsing: host)
            if case .tcp = address { return DockerServer.Listener(address, tls: tls) }
            return DockerServer.Listener(address)
        }
    }
}
