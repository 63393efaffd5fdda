import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

/// The ids that containers' ids are mapped to where the daemon is told to (`userns-remap`). Source: subuid(5), subgid(5).
package struct UserRemap: Sendable, Hashable {
    package struct Range: Sendable, Hashable {
        /// On the host.
        var start: UInt32
        var count: UInt32
    }

    /// One after the other they are the container's ids from 0 on.
    var users: [Range]
    var groups: [Range]

    /// - Parameters:
    ///   - text: `default`, or a user by name or number, with `:group` if need be.
    ///   - makesDefault: makes the user of `default`, and ranges for it, where there are none.
    /// - Throws: `invalid` in Docker's words when there is no such user or no range of its.
    package static func read(_ text: String, makesDefault: Bool) throws -> UserRemap {
        if text == "default", makesDefault { try RemapAccount.ensure() }
        func file(_ path: String) throws -> String { FileSystem.exists(path) ? try FileSystem.readText(path, limit: 1 << 20) : "" }
        return try UserRemap(
            text, passwd: try file("/etc/passwd"), group: try file("/etc/group"), subuid: try file("/etc/subuid"),
            subgid: try file("/etc/subgid"))
    }

    /// - Parameters: contents of the files of these names.
    init(_ text: String, passwd: String, group: String, subuid: String, subgid: String) throws(GantryError) {
        let parts = (text == "default" ? RemapAccount.name : text).split(separator: ":", omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count <= 2, !parts.contains("") else {
            throw .invalid("invalid user namespace remapping `\(text)`: expected user or user:group")
        }
        guard let user = Self.find(parts[0], in: passwd) else {
            throw .invalid("error during uid lookup for \"\(parts[0])\": no such user")
        }
        guard user.number != "0" else { throw .invalid("root cannot be remapped with itself") }
        if parts.count == 2, Self.find(parts[1], in: group) == nil {
            throw .invalid("error during gid lookup for \"\(parts[1])\": no such group")
        }
        users = try Self.ranges(of: user, subuid)
        guard !users.isEmpty else { throw .invalid("no subuid ranges found for user \"\(user.name)\" in /etc/subuid") }
        groups = try Self.ranges(of: user, subgid)
        guard !groups.isEmpty else { throw .invalid("no subgid ranges found for user \"\(user.name)\" in /etc/subgid") }
    }

    private static func find(_ name: String, in text: String) -> (name: String, number: String)? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if fields.count >= 3, fields[0] == name || fields[2] == name { return (fields[0], fields[2]) }
        }
        return nil
    }

    private static func ranges(of user: (name: String, number: String), _ text: String) throws(GantryError) -> [Range] {
        var result: [Range] = []
        var total: UInt64 = 0
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map { $0.filter { !$0.isWhitespace } }
            guard fields.count == 3, fields[0] == user.name || fields[0] == user.number else { continue }
            guard let start = UInt32(fields[1]), let count = UInt32(fields[2]), count > 0, UInt64(start) + UInt64(count) < 1 << 32
            else {
                throw .invalid("invalid range of subordinate ids `\(line)`")
            }
            total += UInt64(count)
            guard total < 1 << 32 else { throw .invalid("the ranges of subordinate ids of \(user.name) are too large") }
            result.append(Range(start: start, count: count))
        }
        return result
    }

    // MARK: Mapping

    var userMappings: [RuntimeSpecification.IDMapping] { Self.mappings(users) }
    var groupMappings: [RuntimeSpecification.IDMapping] { Self.mappings(groups) }

    /// - Parameter namespace: has these maps.
    func ids(_ namespace: OwnedDescriptor) -> MappedIDs {
        MappedIDs(namespace: namespace, user: users[0].start, group: groups[0].start)
    }

    private static func mappings(_ ranges: [Range]) -> [RuntimeSpecification.IDMapping] {
        var next: UInt32 = 0
        return ranges.map { range in
            defer { next += range.count }
            return RuntimeSpecification.IDMapping(containerID: next, hostID: range.start, size: range.count)
        }
    }
}

/// The maps of a running container's user namespace, to tell its ids from the host's. Source: user_namespaces(7), /proc/<pid>/uid_map.
struct OwnerMap: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var inside: UInt32
        var outside: UInt32
        var count: UInt32
    }

    var users: [Entry]
    var groups: [Entry]
    /// What the kernel shows for ids that have none. Source: /proc/sys/kernel/overflowuid.
    private static let overflow: UInt32 = 65534

    init(users: [Entry], groups: [Entry]) {
        self.users = users
        self.groups = groups
    }

    init(ofProcess processID: Int32) throws {
        func read(_ name: String) throws -> [Entry] {
            try FileSystem.readText("/proc/\(processID)/\(name)", limit: 1 << 16).split(separator: "\n").compactMap { line in
                let numbers = line.split(separator: " ").compactMap { UInt32($0) }
                return numbers.count == 3 ? Entry(inside: numbers[0], outside: numbers[1], count: numbers[2]) : nil
            }
        }
        self.init(users: try read("uid_map"), groups: try read("gid_map"))
    }

    var mappings: IDMappings {
        func all(_ map: [Entry]) -> [RuntimeSpecification.IDMapping] {
            map.map { RuntimeSpecification.IDMapping(containerID: $0.inside, hostID: $0.outside, size: $0.count) }
        }
        return IDMappings(users: all(users), groups: all(groups))
    }

    /// - Throws: `invalid` for an id that the container does not have.
    func outside(user: UInt32, group: UInt32) throws -> (user: UInt32, group: UInt32) {
        (try Self.outside(user, users, "user"), try Self.outside(group, groups, "group"))
    }

    private static func outside(_ id: UInt32, _ map: [Entry], _ what: String) throws -> UInt32 {
        guard let entry = map.first(where: { id >= $0.inside && id - $0.inside < $0.count }) else {
            throw GantryError.invalid("the container's user namespace has no \(what) \(id)")
        }
        return entry.outside + (id - entry.inside)
    }

    func inside(user: UInt32, group: UInt32) -> (user: UInt32, group: UInt32) {
        func find(_ id: UInt32, _ map: [Entry]) -> UInt32 {
            map.first { id >= $0.outside && id - $0.outside < $0.count }.map { $0.inside + (id - $0.outside) } ?? Self.overflow
        }
        return (find(user, users), find(group, groups))
    }
}
