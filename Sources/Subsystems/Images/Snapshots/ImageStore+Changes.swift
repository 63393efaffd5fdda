internal import Archive
internal import Essentials
internal import Glibc
internal import LinuxSystem

/// What a container did to one path.
package struct Change: Sendable, Hashable {
    /// Numbered as in the Engine API.
    package enum Kind: Int, Sendable { case modified = 0, added, deleted }

    /// Absolute, as the container sees it.
    package let path: String
    package let kind: Kind

    package init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

extension ImageStore {
    /// What differs from the image, sorted by path; directories above a change are listed as modified.
    package func changes(of snapshot: Snapshot) throws -> [Change] {
        let upper = try OwnedDescriptor.open(snapshot.upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let lowers = try snapshot.lowerPaths.map { try OwnedDescriptor.open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) }
        var changes: [Change] = []
        _ = try Self.compare(upper, with: LowerView(directories: lowers), at: "", &changes)
        return changes.sorted { $0.path < $1.path }
    }

    /// - Returns: whether anything in the directory changed.
    private static func compare(
        _ upper: OwnedDescriptor, with lower: LowerView, at path: String, _ changes: inout [Change]
    ) throws -> Bool {
        var changed = false
        for name in try DirectoryReader(descriptor: upper).names() {
            guard let entry = try upper.entry(name) else { continue }
            let status = try entry.status()
            let childPath = "\(path)/\(String(decoding: name, as: UTF8.self))"
            let below = try lower.child(name)
            if OverlayMark.isWhiteout(status) {
                guard below != nil else { continue }
                changes.append(Change(path: childPath, kind: .deleted))
                changed = true
                continue
            }
            guard status.kind == .directory else {
                changes.append(Change(path: childPath, kind: below == nil ? .added : .modified))
                changed = true
                continue
            }
            guard let directory = try upper.entry(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { continue }
            let view = OverlayMark.isOpaque(directory) ? LowerView(directories: []) : below?.view ?? LowerView(directories: [])
            let changedBelow = try compare(directory, with: view, at: childPath, &changes)
            if let below {
                let same =
                    below.status.mode == status.mode && below.status.userID == status.userID
                    && below.status.groupID == status.groupID && below.status.modifiedAt == status.modifiedAt
                guard changedBelow || !same else { continue }
                changes.append(Change(path: childPath, kind: .modified))
            } else {
                changes.append(Change(path: childPath, kind: .added))
            }
            changed = true
        }
        return changed
    }
}

/// One directory as all lower layers together show it, topmost first.
struct LowerView {
    let directories: [OwnedDescriptor]

    /// What the layers show under a name, and for a directory its own view; nil when there is nothing.
    func child(_ name: [UInt8]) throws -> (status: FileStatus, view: LowerView)? {
        var first: FileStatus?
        var merged: [OwnedDescriptor] = []
        for directory in directories {
            guard let entry = try directory.entry(name) else { continue }
            let status = try entry.status()
            if OverlayMark.isWhiteout(status) { break }
            if status.kind != .directory {
                if first == nil { first = status }
                break
            }
            if first == nil { first = status }
            merged.append(entry)
            if OverlayMark.isOpaque(entry) { break }
        }
        return first.map { ($0, LowerView(directories: merged)) }
    }
}

extension OwnedDescriptor {
    /// Opens the entry `name` without following it; nil when there is none.
    func entry(_ name: [UInt8], _ flags: CInt? = nil) throws -> OwnedDescriptor? {
        do { return try openEntry(name, flags) } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }
}
