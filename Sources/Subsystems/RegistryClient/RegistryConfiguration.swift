package import NIOCore

/// How registries are reached. Nothing of it can be changed while a client lives.
package struct RegistryConfiguration: Sendable {
    /// Base addresses such as `https://mirror.example:5000`, asked in this order before Docker Hub, for pulls only.
    package var mirrors: [String] = []
    /// `host`, `host:port` or an address range (`10.0.0.0/8`) whose registries may lack a trusted certificate or speak plain HTTP.
    /// The loopback addresses always belong to them.
    package var insecureRegistries: [String] = []
    /// Holds `<host:port>/ca.crt` and, for registries that ask for one, `client.cert` with `client.key`.
    package var certificatesDirectory = "/etc/docker/certs.d"
    package var userAgent = "gantry"
    /// Longest silence of a registry while an answer is awaited or read.
    package var idleTimeout: TimeAmount = .seconds(120)
    /// How often a request is sent in all when the registry is overloaded or the connection is cut.
    package var attempts = 5
    /// Before the second attempt; doubled for each further one.
    package var firstPause: TimeAmount = .milliseconds(250)

    package init() {}
}
