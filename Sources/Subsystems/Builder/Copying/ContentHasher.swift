internal import BuildGraph
internal import CLinux
internal import Crypto
internal import Essentials
internal import LinuxSystem
internal import Synchronization

/// Digests of files as keys need them: everything that ends up in a layer, but no times.
/// Content that has been read once in a build is not read again.
final class ContentHasher: Sendable {
    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var changedAt: Int64
    }

    private let known = Mutex<[Identity: String]>([:])

    /// One ingredient for each file and directory; above 4096 of them, one for each directory near the top.
    /// - Parameter owners: false for a context that came from a client, whose owners mean nothing.
    func ingredients(_ match: SourceScanner.Match, owners: Bool) throws -> [Ingredient] {
        var result: [Ingredient] = []
        if match.node.status.kind == .directory {
            let name = match.node.path.isEmpty ? "." : match.node.path
            result.append(Ingredient(.file, name, attributes(match.node, owners: owners)))
            try collect(match.node, match.descriptor, owners, &result)
        } else {
            let file = match.node.status.kind == .regular ? try reopen(match.descriptor) : nil
            result.append(Ingredient(.file, match.node.path, try digest(match.node, file, owners)))
        }
        return result.count > 4096 ? Self.grouped(result) : result
    }

    private func collect(_ node: SourceNode, _ directory: OwnedDescriptor, _ owners: Bool, _ result: inout [Ingredient]) throws {
        for child in node.children {
            switch child.status.kind {
            case .directory:
                result.append(Ingredient(.file, child.path, attributes(child, owners: owners)))
                try collect(child, try WorkTree(directory).open(child.name, in: directory), owners, &result)
            case .regular:
                let file = OwnedDescriptor(
                    try check("openat", child.path) {
                        gantry_openat(directory.raw, Names.cString(child.name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0)
                    })
                result.append(Ingredient(.file, child.path, try digest(child, file, owners)))
            default: result.append(Ingredient(.file, child.path, attributes(child, owners: owners)))
            }
        }
    }

    /// A file opened with O_PATH, for reading.
    private func reopen(_ descriptor: OwnedDescriptor) throws -> OwnedDescriptor {
        try OwnedDescriptor.open(descriptor.procPath, O_RDONLY)
    }

    private func attributes(_ node: SourceNode, owners: Bool) -> String {
        let owner = owners ? "\(node.status.userID):\(node.status.groupID)" : "0:0"
        let target = node.linkTarget.isEmpty ? "" : " " + Identifier.hex(node.linkTarget)
        // The size of a directory is the file system's business, and its mode bits hold its type.
        return "\(String(node.status.mode, radix: 8)) \(owner) \(node.status.specialDevice)\(target)"
    }

    private func digest(_ node: SourceNode, _ file: OwnedDescriptor?, _ owners: Bool) throws -> String {
        var text = attributes(node, owners: owners)
        guard let file else { return text }
        for attribute in try ExtendedAttributes.read(file) { text += " \(attribute.name)=\(Identifier.hex(attribute.value))" }
        return text + " " + (try content(file))
    }

    /// SHA-256 of a file's bytes.
    func content(_ file: OwnedDescriptor) throws -> String {
        let status = try file.status()
        let identity = Identity(device: status.device, inode: status.inode, size: status.size, changedAt: status.changedAt)
        if let digest = known.withLock({ $0[identity] }) { return digest }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { break }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        let digest = Identifier.hex(hash.finalize())
        known.withLock { $0[identity] = digest }
        return digest
    }

    private static func grouped(_ ingredients: [Ingredient]) -> [Ingredient] {
        var hashes: [String: SHA256] = [:]
        for ingredient in ingredients {
            let group = ingredient.name.split(separator: "/").prefix(2).joined(separator: "/")
            hashes[group, default: SHA256()].update(data: Array("\(ingredient.name)\0\(ingredient.value)\0".utf8))
        }
        return hashes.keys.sorted().map { Ingredient(.file, $0, Identifier.hex(hashes[$0, default: SHA256()].finalize())) }
    }
}
