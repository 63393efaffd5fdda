/// Answer to `POST /build/mounts/push`. Not part of Docker's API.
package struct BuildMountPushed: Codable, Sendable, Hashable {
    /// Of the manifest.
    package var digest: String

    package init(digest: String) { self.digest = digest }
}
