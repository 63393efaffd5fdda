import CLinux
import Essentials
import LinuxSystem

/// Looks users and groups up in a container's own `/etc/passwd` and `/etc/group`.
///
/// The files belong to the image, so they are read by descriptor inside the root, only when they are regular, and never beyond
/// ``limit``. A number is never looked up as a name. Source: `attacks.md` rows 2016-3697, 2024-40635, 2024-9676, 2026-47262.
struct UserDatabase {
    /// Bytes read of either file.
    static let limit = 1 << 20

    struct Identity: Equatable {
        var userID: UInt32
        var groupID: UInt32
        /// Primary group first.
        var groups: [UInt32]
        var home: String
    }

    private struct Account {
        var name: Substring
        var userID: UInt32
        var groupID: UInt32
        var home: Substring
    }

    private struct Group {
        var name: Substring
        var groupID: UInt32
        var members: [Substring]
    }

    private let accounts: [Account]
    private let groups: [Group]

    /// - Parameter root: the container's root directory. Files that are missing count as empty.
    init(root: OwnedDescriptor) throws {
        try self.init(passwd: Self.read("etc/passwd", in: root), group: Self.read("etc/group", in: root))
    }

    init(passwd: String, group: String) {
        accounts = passwd.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 6, let user = UInt32(fields[2]), let group = UInt32(fields[3]) else { return nil }
            return Account(name: fields[0], userID: user, groupID: group, home: fields[5])
        }
        groups = group.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 4, let id = UInt32(fields[2]) else { return nil }
            return Group(name: fields[0], groupID: id, members: fields[3].split(separator: ","))
        }
    }

    private static func read(_ path: String, in root: OwnedDescriptor) throws -> String {
        do throws(SystemError) {
            let file = try root.openInRoot(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().kind == .regular else { return "" }
            return String(decoding: try file.readAll(limit: limit), as: UTF8.self)
        } catch {
            if error.errno == EFBIG { throw GantryError.invalid("`/\(path)` of the container is larger than \(limit) bytes") }
            if [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(error.errno) { return "" }
            throw error
        }
    }

    /// Who `user[:group]` is. Empty text is uid 0.
    /// - Parameter extra: names or numbers of `--group-add`.
    func identity(_ text: String, extra: [String] = []) throws(GantryError) -> Identity {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let userText = parts.first ?? ""
        let account: Account?
        let userID: UInt32
        if let number = try Self.number(userText.isEmpty ? "0" : userText) {
            account = accounts.first { $0.userID == number }
            userID = number
        } else {
            guard let found = accounts.first(where: { $0.name == userText }) else {
                throw .invalid("unable to find user \(userText): no matching entries in passwd file")
            }
            account = found
            userID = found.userID
        }
        var groupID = account?.groupID ?? 0
        var supplementary: [UInt32] = []
        if parts.count == 2, !parts[1].isEmpty {
            groupID = try group(parts[1])
        } else if let account {
            supplementary = groups.filter { $0.members.contains(account.name) }.map(\.groupID)
        }
        for name in extra { supplementary.append(try group(name[...])) }
        var list = [groupID]
        for id in supplementary where !list.contains(id) { list.append(id) }
        return Identity(userID: userID, groupID: groupID, groups: list, home: account.map { String($0.home) } ?? "/")
    }

    private func group(_ text: Substring) throws(GantryError) -> UInt32 {
        if let number = try Self.number(text) { return number }
        guard let found = groups.first(where: { $0.name == text }) else {
            throw .invalid("unable to find group \(text): no matching entries in group file")
        }
        return found.groupID
    }

    /// nil when `text` is no number; an error when it is one that no user may have.
    private static func number(_ text: Substring) throws(GantryError) -> UInt32? {
        // Also with a minus, which no name begins with.
        guard (text.hasPrefix("-") ? text.dropFirst() : text).utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        guard let value = UInt32(text), value <= 0x7fff_ffff else {
            throw .invalid("uids and gids must be in range 0-2147483647")
        }
        return value
    }
}
