package import OCI

/// A result made ready to leave, as the client that asked for it is told. See ``BuildEvent/exported(_:)``.
package struct BuildExport: Sendable {
    /// Place of the export among those asked for, from 0.
    package var number: Int
    /// Under which the result can be fetched while the daemon remembers it.
    package var resultID: String
    /// Of the manifest, or of the index where there are several platforms or attestations. Nil when only files were asked for.
    package var descriptor: Descriptor?
    /// Of the only image; nil for several platforms.
    package var configDigest: Digest?

    package init(number: Int, resultID: String, descriptor: Descriptor?, configDigest: Digest?) {
        self.number = number
        self.resultID = resultID
        self.descriptor = descriptor
        self.configDigest = configDigest
    }
}
