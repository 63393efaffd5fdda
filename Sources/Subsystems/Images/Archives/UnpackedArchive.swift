import Archive
import Compression
import Essentials
import Glibc
import LinuxSystem
import OCI

/// The members of an image archive in temporary files named by numbers: names in the archive are only looked up, never paths.
final class UnpackedArchive {
    private static let maximumMembers = 100_000

    private let store: ImageStore
    private let directory: String
    private enum Member {
        case file(number: Int, size: Int64)
        case link(String)
    }
    private var members: [String: Member] = [:]
    private var blobs: [String: (digest: Digest, size: Int64)] = [:]

    /// Reads the whole archive.
    init(_ store: ImageStore, _ read: @escaping () throws -> [UInt8]?) throws {
        self.store = store
        directory = store.paths.newTemporary("load")
        try FileSystem.makeDirectories(directory, mode: 0o700)
        do { try fill(read) } catch {
            remove()
            throw error
        }
    }

    func remove() { store.removeDirectory(directory) }

    private func fill(_ read: @escaping () throws -> [UInt8]?) throws {
        let plain = try store.decompressor(read)
        let reader = TarReader { try plain.next() }
        while let entry = try reader.next() {
            guard members.count < Self.maximumMembers else {
                throw GantryError.invalid("invalid archive: more than \(Self.maximumMembers) members")
            }
            let name = Self.clean(entry.nameText)
            switch entry.kind {
            case .regular:
                let number = members.count
                let file = try OwnedDescriptor.open("\(directory)/\(number)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
                do { try reader.readContent { try file.writeAll($0) } } catch let error as SystemError {
                    throw GantryError.unavailable("cannot unpack `\(name)` of image archive", cause: error)
                }
                members[name] = .file(number: number, size: entry.size)
            case .symbolicLink:
                // Older archives link equal layers to each other, relative to the link's directory.
                let folder = name.split(separator: "/").dropLast().joined(separator: "/")
                members[name] = .link(Self.clean("\(folder)/\(entry.linkText)"))
            case .hardLink: members[name] = .link(Self.clean(entry.linkText))
            default: continue
            }
        }
        try reader.drain()
    }

    /// `./a//b/../c` as `a/c`: a key, not a path.
    private static func clean(_ name: String) -> String {
        var parts: [Substring] = []
        for part in name.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    private func find(_ name: String) -> (number: Int, size: Int64)? {
        var key = Self.clean(name)
        for _ in 0..<8 {
            switch members[key] {
            case .file(let number, let size): return (number, size)
            case .link(let target): key = target
            case nil: return nil
            }
        }
        return nil
    }

    func contains(_ name: String) -> Bool { find(name) != nil }

    /// The bytes of a small member, nil when there is none.
    func document(_ name: String) throws -> [UInt8]? {
        guard let (number, size) = find(name) else { return nil }
        guard size <= Int64(ImageJSON.maximumBytes) else {
            throw GantryError.invalid("`\(name)` in archive has \(size) bytes, expected at most \(ImageJSON.maximumBytes)")
        }
        return try FileSystem.read("\(directory)/\(number)")
    }

    func require(_ name: String, as what: String) throws -> [UInt8] {
        guard let bytes = try document(name) else {
            throw GantryError.invalid("invalid archive: \(what) `\(name.prefix(200))` is missing")
        }
        return bytes
    }

    /// Makes a member a blob of the store. What is not compressed is compressed: the exact tar must be kept, because its digest
    /// is part of the image's id.
    func blob(_ name: String) throws -> (digest: Digest, size: Int64) {
        guard let (number, _) = find(name) else {
            throw GantryError.invalid("invalid archive: layer `\(name.prefix(200))` is missing")
        }
        if let known = blobs["\(number)"] { return known }
        let file = try OwnedDescriptor.open("\(directory)/\(number)", O_RDONLY | O_NOFOLLOW)
        let source = store.source(file)
        let ingest = try store.beginIngest()
        let first = try source() ?? []
        if CompressionFormat.detect(first) == .none {
            let compressor = try Compressor(.gzip) { try ingest.write($0) }
            try first.withUnsafeBytes { try compressor.write($0) }
            while let chunk = try source() { try chunk.withUnsafeBytes { try compressor.write($0) } }
            try compressor.finish()
        } else {
            try ingest.write(first)
            while let chunk = try source() { try ingest.write(chunk) }
        }
        let result = (try ingest.commit(), ingest.written)
        blobs["\(number)"] = result
        return result
    }
}
