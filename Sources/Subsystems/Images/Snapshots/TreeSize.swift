import Archive
import Glibc
import LinuxSystem

/// Bytes of the files in a tree, each inode counted once.
enum TreeSize {
    static func bytes(of directory: OwnedDescriptor) throws -> Int64 {
        var seen: Set<UInt64> = []
        return try bytes(directory, &seen)
    }

    private static func bytes(_ directory: OwnedDescriptor, _ seen: inout Set<UInt64>) throws -> Int64 {
        var total: Int64 = 0
        for name in try DirectoryReader(descriptor: directory).names() {
            guard let entry = try directory.entry(name) else { continue }
            let status = try entry.status()
            if status.kind == .directory {
                guard let child = try directory.entry(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { continue }
                total += try bytes(child, &seen)
            } else if !OverlayMark.isWhiteout(status), status.links == 1 || seen.insert(status.inode).inserted {
                total += status.size
            }
        }
        return total
    }
}

/// Copies an upper directory with its overlay marks: packed as a layer into a file and unpacked again.
enum TreeCopy {
    static func run(from: OwnedDescriptor, to: OwnedDescriptor, through path: String) throws {
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        // The name is not needed: the content goes with the descriptor.
        try FileSystem.remove(path)
        let writer = TarWriter { try file.writeAll($0) }
        try TarPacker(root: from, writer: writer, mode: .layer).pack(as: .contents)
        try writer.finish()
        try check("lseek") { lseek(file.raw, 0, SEEK_SET) }
        let reader = TarReader {
            let chunk = try [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            return chunk.isEmpty ? nil : chunk
        }
        try TarExtractor(into: to, options: .init(.layer)).extract(reader)
    }
}
