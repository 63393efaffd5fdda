import Archive
import Essentials
import Glibc
import LinuxSystem
import Testing

/// A temporary directory that goes with this object.
final class Scratch {
    let path: String
    init() throws {
        path = "/tmp/gantry-archive-\(Identifier.randomHex(bytes: 8))"
        try FileSystem.makeDirectories(path + "/root", mode: 0o755)
    }
    deinit { try? FileSystem.removeTree(path) }

    var root: OwnedDescriptor { get throws { try directory("root") } }
    func directory(_ name: String) throws -> OwnedDescriptor {
        try FileSystem.makeDirectories("\(path)/\(name)")
        return try OwnedDescriptor.open("\(path)/\(name)", O_RDONLY | O_DIRECTORY)
    }
    func text(_ name: String) throws -> String { try FileSystem.readText("\(path)/\(name)") }
    func status(_ name: String) throws -> FileStatus { try FileStatus("\(path)/\(name)") }
    func exists(_ name: String) -> Bool { (try? status(name)) != nil }
    func link(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("\(path)/\(name)", &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

let isRoot = geteuid() == 0

/// Members in order, as one tar.
func tar(_ members: [(TarEntry, String)]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = TarWriter { bytes.append(contentsOf: $0) }
    for (entry, content) in members { try writer.add(entry, content: Array(content.utf8)) }
    try writer.finish()
    return bytes
}

func file(_ name: String, _ content: String = "x") -> (TarEntry, String) { (TarEntry(name), content) }
func directory(_ name: String) -> (TarEntry, String) { (TarEntry(name + "/"), "") }
func link(_ name: String, _ target: String, hard: Bool = false) -> (TarEntry, String) {
    (TarEntry(name: Array(name.utf8), kind: hard ? .hardLink : .symbolicLink, permissions: 0o777, linkName: Array(target.utf8)), "")
}

func reader(_ bytes: [UInt8], pieces: Int = 700) -> TarReader {
    var rest = bytes[...]
    return TarReader {
        if rest.isEmpty { return nil }
        defer { rest = rest.dropFirst(pieces) }
        return Array(rest.prefix(pieces))
    }
}

@discardableResult
func extract(_ bytes: [UInt8], into root: OwnedDescriptor, _ options: TarExtractor.Options) throws -> TarExtractor.Summary {
    var options = options
    options.keepsOwners = isRoot
    return try TarExtractor(into: root, options: options).extract(reader(bytes))
}

func pack(
    _ root: OwnedDescriptor, _ path: String = "/", as naming: TarPacker.Naming = .contents, mode: TarPacker.Mode = .plain
) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = TarWriter { bytes.append(contentsOf: $0) }
    try TarPacker(root: root, writer: writer, mode: mode).pack(path, as: naming)
    try writer.finish()
    return bytes
}

func entries(_ bytes: [UInt8]) throws -> [TarEntry] {
    let reader = reader(bytes)
    var result: [TarEntry] = []
    while let entry = try reader.next() { result.append(entry) }
    return result
}

func names(_ bytes: [UInt8]) throws -> [String] { try entries(bytes).map(\.nameText) }
