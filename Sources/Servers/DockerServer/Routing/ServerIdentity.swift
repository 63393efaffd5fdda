/// What the server says of itself.
package struct ServerIdentity: Sendable {
    package var version: String
    /// Of the source; empty when unknown.
    package var revision: String
    /// RFC 3339; empty when unknown.
    package var buildTime: String
    /// Clients ask some things of such daemons only.
    package var isExperimental: Bool

    package init(version: String, revision: String = "", buildTime: String = "", isExperimental: Bool = false) {
        self.version = version
        self.revision = revision
        self.buildTime = buildTime
        self.isExperimental = isExperimental
    }

    /// In Go's words.
    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}
