import CLinux
import Essentials
package import LinuxSystem

/// How a layer says that something of the layers below is gone.
package enum Whiteout {
    /// `.wh.`
    static let prefix = Array(".wh.".utf8)
    /// `.wh..wh.`: the rest of the name is a marker, not a file.
    static let markerPrefix = Array(".wh..wh.".utf8)
    static let opaque = Array(".wh..wh..opq".utf8)
    static let opaqueAttribute = "trusted.overlay.opaque"
}

extension TarExtractor {
    /// Removes nothing below: makes the marks that overlayfs reads.
    func applyWhiteout(_ name: ArraySlice<UInt8>, in parent: OwnedDescriptor, _ path: [ArraySlice<UInt8>]) throws {
        if name.elementsEqual(Whiteout.opaque) { return try setOpaque(parent) }
        // Other markers were aufs' own and mean nothing here.
        if name.starts(with: Whiteout.markerPrefix) { return }
        let hidden = name.dropFirst(Whiteout.prefix.count)
        guard !hidden.isEmpty, !hidden.elementsEqual([46]), !hidden.elementsEqual([46, 46]) else {
            throw GantryError.invalid("invalid whiteout `\(String(decoding: name, as: UTF8.self))`")
        }
        let hiddenPath = Array(path.dropLast()) + [hidden]
        let place = Place(parent: parent, name: cString(hidden), path: hiddenPath)
        let made = mknodat(parent.raw, place.name, mode_t(S_IFCHR), 0)
        if made == 0 {
            whiteouts.insert(Array(hiddenPath.joined(separator: [47])))
            return
        }
        guard gantry_errno() == EEXIST else { throw SystemError.last("mknodat", place.text) }
        // The layer's own entry came first and stays; a directory must still hide what is below it.
        guard try status(place)?.kind == .directory else { return }
        try setOpaque(
            OwnedDescriptor(
                try check("openat", place.text) {
                    gantry_openat(parent.raw, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
                }))
    }

    /// True once for a path that a whiteout was made at.
    func takeWhiteout(_ path: [ArraySlice<UInt8>]) -> Bool {
        if whiteouts.isEmpty { return false }
        return whiteouts.remove(Array(path.joined(separator: [47]))) != nil
    }

    func setOpaque(_ directory: OwnedDescriptor) throws {
        let value: [UInt8] = [UInt8(ascii: "y")]
        try check("setxattr", Whiteout.opaqueAttribute) { setxattr(directory.procPath, Whiteout.opaqueAttribute, value, 1, 0) }
    }
}

/// What overlayfs leaves in an upper directory. Source: kernel overlayfs, whiteouts and opaque directories.
package enum OverlayMark {
    /// A character device 0:0: the name is gone.
    package static func isWhiteout(_ status: FileStatus) -> Bool { status.kind == .characterDevice && status.specialDevice == 0 }

    /// Whether the directory hides all that is below it; any open directory will do, also one opened with O_PATH.
    package static func isOpaque(_ directory: OwnedDescriptor) -> Bool {
        var value: UInt8 = 0
        return getxattr(directory.procPath, Whiteout.opaqueAttribute, &value, 1) == 1 && value == UInt8(ascii: "y")
    }
}
