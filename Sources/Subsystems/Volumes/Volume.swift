package import Essentials

/// A named or anonymous volume as it is stored.
package struct Volume: Sendable, Codable, Hashable {
    package var name: String
    package var driver: String
    package var createdAt: Timestamp
    package var labels: [String: String]
    /// `type`, `o` and `device`, as for mount(8).
    package var options: [String: String]

    /// Set on volumes that nobody named.
    package static let anonymousLabel = "com.docker.volume.anonymous"
    package var isAnonymous: Bool { labels[Self.anonymousLabel] != nil }
}

/// That a container uses a volume.
package struct VolumeReference: Sendable, Hashable {
    package var container: String
    package var destination: String
}

/// Which names a volume may have. Source: recordings `volume`.
enum VolumeName {
    static func check(_ name: String) throws(GantryError) {
        guard name.utf8.count > 1 else {
            throw .invalid("create \(name): volume name is too short, names should be at least two alphanumeric characters")
        }
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        let bytes = Array(name.utf8)
        guard isAlphanumeric(bytes[0]), bytes.count <= 255,
            bytes.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
            )
        else {
            throw .invalid(
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, "
                    + "only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            )
        }
    }
}
