internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Users and groups as an image's own files have them. Source: passwd(5), group(5).
struct Accounts {
    struct User: Equatable {
        var name: String
        var id: UInt32
        var group: UInt32
        var home: String
    }

    struct Group: Equatable {
        var name: String
        var id: UInt32
        var members: [String]
    }

    /// Who a process is.
    struct Identity: Equatable {
        var user: UInt32
        var group: UInt32
        var supplementary: [UInt32] = []
        var home = "/"
    }

    var users: [User] = []
    var groups: [Group] = []

    init(passwd: String = "", group: String = "") {
        for line in passwd.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 6, let id = UInt32(fields[2]), let main = UInt32(fields[3]) else { continue }
            users.append(User(name: fields[0], id: id, group: main, home: fields[5]))
        }
        for line in group.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3, let id = UInt32(fields[2]) else { continue }
            let members = fields.count > 3 ? fields[3].split(separator: ",").map(String.init) : []
            groups.append(Group(name: fields[0], id: id, members: members))
        }
    }

    /// Reads `/etc/passwd` and `/etc/group` below `root`; missing files count as empty.
    init(root: OwnedDescriptor) throws {
        self.init(passwd: try Self.read(root, "/etc/passwd"), group: try Self.read(root, "/etc/group"))
    }

    private static func read(_ root: OwnedDescriptor, _ path: String) throws -> String {
        // Not waiting for a writer should the image have a fifo there.
        guard let file = try root.openInRootIfPresent(path, O_RDONLY | O_NONBLOCK), try file.status().kind == .regular else {
            return ""
        }
        return String(decoding: try file.readAll(limit: 16 << 20), as: UTF8.self)
    }

    /// Whom USER means: `name`, `id`, `name:group`, `id:id`; empty for root.
    func identity(_ text: String) throws(GantryError) -> Identity {
        guard !text.isEmpty else { return Identity(user: 0, group: 0, supplementary: [0], home: home(of: 0)) }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var result = Identity(user: 0, group: 0)
        if let user = users.first(where: { $0.name == parts[0] }) ?? UInt32(parts[0]).flatMap({ id in users.first { $0.id == id } })
        {
            result = Identity(user: user.id, group: user.group, supplementary: [], home: user.home)
            if parts.count == 1 {
                result.supplementary = groups.filter { $0.members.contains(user.name) && $0.id != user.group }.map(\.id)
            }
        } else if let id = UInt32(parts[0]) {
            result = Identity(user: id, group: 0)
        } else {
            throw .invalid("unable to find user \(parts[0]): no matching entries in passwd file")
        }
        if parts.count == 2 { result.group = try group(parts[1]) }
        // The main group is one of the supplementary ones too, as `id` shows it.
        result.supplementary.insert(result.group, at: 0)
        return result
    }

    func group(_ text: String) throws(GantryError) -> UInt32 {
        if let group = groups.first(where: { $0.name == text }) { return group.id }
        if let id = UInt32(text) { return id }
        throw .invalid("unable to find group \(text): no matching entries in group file")
    }

    /// Whom `--chown` means; a user alone brings the group of the same number.
    func owner(_ text: String) throws(GantryError) -> (user: UInt32, group: UInt32) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var user: UInt32 = 0
        var group: UInt32 = 0
        if !parts[0].isEmpty {
            if let id = UInt32(parts[0]) {
                user = id
                group = id
            } else if let found = users.first(where: { $0.name == parts[0] }) {
                user = found.id
                group = found.group
            } else if parts[0] == "root" {
                // Known even where there is no passwd file.
                user = 0
            } else {
                throw .invalid(
                    "unable to convert uid/gid chown string to host mapping: can't find uid for user \(parts[0]): no such user: \(parts[0])"
                )
            }
        }
        if parts.count == 2, !parts[1].isEmpty {
            if let id = UInt32(parts[1]) {
                group = id
            } else if let found = groups.first(where: { $0.name == parts[1] }) {
                group = found.id
            } else if parts[1] == "root" {
                group = 0
            } else {
                throw .invalid(
                    "unable to convert uid/gid chown string to host mapping: can't find gid for group \(parts[1]): no such group: \(parts[1])"
                )
            }
        }
        return (user, group)
    }

    private func home(of id: UInt32) -> String { users.first { $0.id == id }?.home ?? (id == 0 ? "/root" : "/") }
}
