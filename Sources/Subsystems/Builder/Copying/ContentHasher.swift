internal import BuildGraph
internal import CLinux
internal import Crypto
internal import Essentials
internal import LinuxSystem
internal import Synchronization

/// Digests of files as keys need them: everything that ends up in a layer, but no times.
final class ContentHasher: Sendable {
    private let known: ContentHashes
    /// Paths of the context that count as changed.
    private let assumedChanges: Set<String>
    /// A file changed as shortly ago as this may change again without its change time moving: it is not remembered.
    private static let settlingNanoseconds: Int64 = 100_000_000

    init(known: ContentHashes = ContentHashes(), assumedChanges: [String] = []) {
        self.known = known
        self.assumedChanges = Set(assumedChanges)
    }

    /// One ingredient for each file and directory; above 4096 of them, one for each directory near the top.
    /// - Parameter owners: false for a context that came from a client, whose owners mean nothing.
    func ingredients(_ match: SourceScanner.Match, owners: Bool) throws -> [Ingredient] {
        var result: [Ingredient] = []
        if match.node.status.kind == .directory {
            let name = match.node.path.isEmpty ? "." : match.node.path
            // A client's folder itself is not part of what is copied.
            let isClientRoot = match.node.path.isEmpty && !owners
            result.append(Ingredient(.file, name, isClientRoot ? "folder" : attributes(match.node, owners: owners)))
            result += try collect(match.node, match.descriptor, owners)
        } else {
            var text = attributes(match.node, owners: owners)
            if match.node.status.kind == .regular {
                text += try content(match.node, owners) { try OwnedDescriptor.open(match.descriptor.procPath, O_RDONLY) }
            }
            result.append(Ingredient(.file, match.node.path, text))
        }
        return result.count > 4096 ? Self.grouped(result) : result
    }

    /// - Parameter isShared: whether other threads are busy with this tree already.
    private func collect(
        _ node: SourceNode, _ directory: OwnedDescriptor, _ owners: Bool, isShared: Bool = false
    ) throws -> [Ingredient] {
        let folders = node.children.filter { $0.status.kind == .directory }
        var below = try BlockingWork.map(folders, isShared: isShared) { folder, isShared in
            let opened = try WorkTree(directory).open(folder.name, in: directory)
            return try self.collect(folder, opened, owners, isShared: isShared)
        }[...]
        var result: [Ingredient] = []
        for child in node.children {
            var text = attributes(child, owners: owners)
            if child.status.kind == .regular {
                text += try content(child, owners) {
                    OwnedDescriptor(
                        try check("openat", child.path) {
                            gantry_openat(directory.raw, Names.cString(child.name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0)
                        })
                }
            }
            result.append(Ingredient(.file, child.path, text))
            if child.status.kind == .directory, let inside = below.popFirst() { result += inside }
        }
        return result
    }

    private func attributes(_ node: SourceNode, owners: Bool) -> String {
        let owner = owners ? "\(node.status.userID):\(node.status.groupID)" : "0:0"
        let target = node.linkTarget.isEmpty ? "" : " " + Identifier.hex(node.linkTarget)
        // The size of a directory is the file system's business, and its mode bits hold its type.
        return "\(String(node.status.mode, radix: 8)) \(owner) \(node.status.specialDevice)\(target)"
    }

    /// ` <size> <digest>` and extended attributes of a regular file, which is opened only when it is not known.
    private func content(_ node: SourceNode, _ owners: Bool, _ open: () throws -> OwnedDescriptor) throws -> String {
        if !assumedChanges.isEmpty, !owners, assumedChanges.contains(node.path) { return " \(node.status.size) changed" }
        return try content(node.status, open)
    }

    /// ` <size> <digest>` and extended attributes of a regular file, which is opened only when it is not known.
    func content(_ status: FileStatus, _ open: () throws -> OwnedDescriptor) throws -> String {
        let identity = ContentHashes.Identity(status)
        if let text = known.value(identity) { return text }
        let startedAt = Timestamp.now().nanoseconds
        let file = try open()
        let text = try content(file, status)
        if startedAt - status.changedAt > Self.settlingNanoseconds, ContentHashes.Identity(try file.status()) == identity {
            known.keep(text, for: identity)
        }
        return text
    }

    /// As ``content(_:_:)``, of a file in a layer.
    func content(ofLayer status: FileStatus, _ open: () throws -> OwnedDescriptor) throws -> String {
        if let text = known.value(ContentHashes.Identity(ofLayer: status)) { return text }
        let text = try content(try open(), status)
        keep(text, ofLayer: status)
        return text
    }

    /// As ``content(_:_:)``, nil when it is not known without looking.
    func known(_ status: FileStatus) -> String? { known.value(ContentHashes.Identity(status)) }

    /// For a file that nobody changes, made with this content.
    func keep(_ content: String, ofLayer status: FileStatus) {
        known.keep(content, for: ContentHashes.Identity(ofLayer: status))
    }

    private func content(_ file: OwnedDescriptor, _ status: FileStatus) throws -> String {
        var text = " \(status.size) \(try content(file, size: status.size))"
        for attribute in try ExtendedAttributes.read(file) { text += " \(attribute.name)=\(Identifier.hex(attribute.value))" }
        return text
    }

    /// SHA-256 of a file's bytes.
    /// - Parameter size: about as many bytes.
    func content(_ file: OwnedDescriptor, size: Int64 = .max) throws -> String {
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: Int(min(max(size, 4096), 256 << 10)))
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { break }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return Identifier.hex(hash.finalize())
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
