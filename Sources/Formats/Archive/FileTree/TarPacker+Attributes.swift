internal import CLinux
internal import Essentials
internal import LinuxSystem

extension TarPacker {
    /// Reads `user.` attributes and file capabilities.
    /// - Returns: whether overlayfs holds the directory opaque.
    /// - Throws: `unsupported` for marks that a layer cannot say (a directory that was renamed, content that was not copied up).
    func readAttributes(_ file: OwnedDescriptor, isReadable: Bool, into entry: inout TarEntry) throws -> Bool {
        if isReadable, flistxattr(file.raw, nil, 0) <= 0 { return false }
        // Links have no attributes that are kept, and their path would lead through them.
        if entry.kind == .symbolicLink { return false }
        let path = file.procPath
        let size = listxattr(path, nil, 0)
        if size <= 0 { return false }
        var list = [CChar](repeating: 0, count: size + 1024)
        let used = try check("listxattr", entry.nameText) { listxattr(path, &list, list.count) }
        var opaque = false
        for raw in list[..<used].split(separator: 0) {
            let name = String(decoding: raw.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if mode == .layer, name == "trusted.overlay.redirect" || name == "trusted.overlay.metacopy" {
                throw GantryError.unsupported(
                    "`\(entry.nameText)` has `\(name)`", hint: "mount overlays with redirect_dir=off and metacopy=off")
            }
            if mode == .layer, name == Whiteout.opaqueAttribute { opaque = try value(path, name) == [UInt8(ascii: "y")] }
            let kept = name == "security.capability" || (name.hasPrefix("user.") && !name.hasPrefix("user.overlay."))
            if kept, let bytes = try value(path, name) { entry.attributes[name] = bytes }
        }
        return opaque
    }

    private func value(_ path: String, _ name: String) throws -> [UInt8]? {
        let size = getxattr(path, name, nil, 0)
        if size < 0, gantry_errno() == ENODATA { return nil }
        var bytes = [UInt8](repeating: 0, count: max(size, 0) + 256)
        let used = try check("getxattr", name) { getxattr(path, name, &bytes, bytes.count) }
        return Array(bytes[..<used])
    }
}
