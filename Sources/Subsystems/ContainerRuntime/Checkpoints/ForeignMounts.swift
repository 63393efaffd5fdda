internal import LinuxSystem

/// Which mounts of a container show what is not its own: criu must be told of them, for it could not make them again.
enum ForeignMounts {
    /// Made anew for every container, although the kernel may give one the same file system twice. Control groups of version 1 are not
    /// among them: of these a container has views of the host's.
    private static let kernelTypes: Set<Substring> = ["proc", "sysfs", "cgroup2", "devpts", "mqueue"]

    private struct Entry {
        var device: Substring
        /// Of the file system: the directory or file that is mounted.
        var root: Substring
        var point: Substring
        var type: Substring

        /// Source: proc(5), /proc/pid/mountinfo.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 1 else { return nil }
            (device, root, point, type) = (fields[2], fields[3], fields[4], fields[dash + 1])
        }
    }

    /// - Parameters:
    ///   - container: mountinfo of a process of the container.
    ///   - host: mountinfo of the host.
    /// - Returns: mount points, as the container sees them; the root is none of them.
    static func points(container: String, host: String) -> [String] {
        let own = container.split(separator: "\n").compactMap(Entry.init)
        let outside = Set(host.split(separator: "\n").compactMap(Entry.init).map(\.device))
        let whole = Set(own.filter { $0.root == "/" }.map(\.device))
        return own.filter { entry in
            entry.point != "/" && !kernelTypes.contains(entry.type)
                && (outside.contains(entry.device) || entry.root != "/" && !whole.contains(entry.device))
        }.map { unescaped($0.point) }
    }

    /// White space and the backslash stand as `\040`.
    private static func unescaped(_ text: Substring) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                result.append(code)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
