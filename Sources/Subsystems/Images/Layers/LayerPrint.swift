internal import Archive
internal import Essentials
internal import LinuxSystem

internal import struct Crypto.SHA256

/// Tells by looks, without reading files, whether two layers begin with the same members.
///
/// A file of a layer is never written again, so a name of the same inode stands for the same content and attributes. Numbers of inodes
/// come again; the time when one was made does not, and nobody can set it (statx(2), STATX_BTIME).
struct LayerPrint {
    private var hash = SHA256()
    private var members = 0
    private var bytes: Int64 = 0
    /// False once there was a file whose inode says nothing.
    private(set) var isUsable = true

    /// Whether a mark is worth its place: some megabytes or a hundred members after the one before.
    var isMarkDue: Bool { isUsable && (members >= 128 || bytes >= 4 << 20) }

    /// What stands for everything that was added, from the start.
    mutating func mark() -> String {
        (members, bytes) = (0, 0)
        return Identifier.hex(hash.finalize())
    }

    mutating func add(_ member: TarPacker.Member) {
        let (entry, status) = (member.entry, member.status)
        var numbers: [Int64] = [
            Int64(entry.name.count), Int64(entry.linkName.count), Int64(status.mode), Int64(status.userID), Int64(status.groupID),
            Int64(bitPattern: status.specialDevice), entry.size, entry.modifiedAt, member.isOpaque ? 1 : 0,
            entry.kind == .hardLink ? 1 : 0, entry.kind == .directory ? Int64(entry.attributes.count) : 0,
        ]
        if entry.kind == .regular, status.kind == .regular {
            guard let born = status.bornAt else { return isUsable = false }
            numbers += [Int64(bitPattern: status.device), Int64(bitPattern: status.inode), born]
        }
        numbers.withUnsafeBytes { hash.update(bufferPointer: $0) }
        hash.update(data: entry.name)
        hash.update(data: entry.linkName)
        if entry.kind == .directory {
            for (name, value) in entry.attributes.sorted(by: { $0.key < $1.key }) {
                hash.update(data: Array("\(name)=\(Identifier.hex(value))\0".utf8))
            }
        }
        members += 1
        bytes += entry.size
    }
}
