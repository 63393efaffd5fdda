/// One member of a tar stream without its content.
///
/// Names are bytes: archives and images hold names that are not UTF-8.
package struct TarEntry: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case regular, hardLink, symbolicLink, characterDevice, blockDevice, directory, fifo
    }

    /// As the archive has it: `usr/bin/env`, `./etc/`.
    package var name: [UInt8]
    package var kind: Kind
    /// Permission bits with setuid, setgid and sticky.
    package var permissions: UInt32
    package var userID: UInt32
    package var groupID: UInt32
    /// Bytes of content that follow; 0 for all but regular files.
    package var size: Int64
    /// Nanoseconds since 1970.
    package var modifiedAt: Int64
    /// Target of a hard or symbolic link.
    package var linkName: [UInt8]
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32
    /// Extended attributes by name (`security.capability`).
    package var attributes: [String: [UInt8]]

    package init(
        name: [UInt8], kind: Kind, permissions: UInt32 = 0o644, userID: UInt32 = 0, groupID: UInt32 = 0, size: Int64 = 0,
        modifiedAt: Int64 = 0, linkName: [UInt8] = [], attributes: [String: [UInt8]] = [:]
    ) {
        self.name = name
        self.kind = kind
        self.permissions = permissions
        self.userID = userID
        self.groupID = groupID
        self.size = size
        self.modifiedAt = modifiedAt
        self.linkName = linkName
        deviceMajor = 0
        deviceMinor = 0
        self.attributes = attributes
    }

    /// A regular file or directory (name ending in `/`) as our own archives hold them.
    package init(_ name: String, size: Int64 = 0, permissions: UInt32? = nil, modifiedAt: Int64 = 0) {
        let isDirectory = name.hasSuffix("/")
        self.init(
            name: Array(name.utf8), kind: isDirectory ? .directory : .regular,
            permissions: permissions ?? (isDirectory ? 0o755 : 0o644), size: size, modifiedAt: modifiedAt)
    }

    /// The name for people and for comparison with names known to be text; bytes that are not UTF-8 are repaired.
    package var nameText: String { String(decoding: name, as: UTF8.self) }
    package var linkText: String { String(decoding: linkName, as: UTF8.self) }
}

/// Takes bytes of a stream in order; the buffer is valid only during the call.
package typealias ArchiveSink = (UnsafeRawBufferPointer) throws -> Void

/// Gives the next bytes of a stream, nil at its end; never an empty array forever.
package typealias ArchiveSource = () throws -> [UInt8]?
