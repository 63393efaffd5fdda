internal import CLinux
internal import LinuxSystem

/// The directory below a step's view that receives what is written, for whole trees that are new in the view: the way through
/// overlayfs costs more than all the rest of a small file, and only here can a file be one with that of the layer which the same step
/// made the last time.
///
/// Layers never change, and the view is seen by nobody else and gone before anybody looks at the directory as a layer.
struct UpperTree: Sendable {
    /// A directory in it.
    struct Place {
        var directory: OwnedDescriptor
        /// The same directory in the earlier layer.
        var earlier: OwnedDescriptor?
    }

    let root: OwnedDescriptor
    /// Of the layer that this step made the last time.
    var earlier: OwnedDescriptor?
    let hasher: ContentHasher
    /// Nanoseconds since 1970 that later modification times will be set to.
    var timeLimit: Int64?

    /// - Parameter path: absolute, without links, as seen in the view.
    /// - Returns: nil when there is no such directory: names that are not UTF-8.
    func place(_ path: String) throws -> Place? {
        let relative = String(path.drop { $0 == "/" })
        guard let directory = try Self.directory(relative, below: root) else { return nil }
        return Place(directory: directory, earlier: try earlier.flatMap { try Self.directory(relative, below: $0) })
    }

    /// A directory in `place`, which is there.
    func child(_ name: [UInt8], of place: Place, _ directory: OwnedDescriptor) throws -> Place {
        Place(directory: directory, earlier: try place.earlier.flatMap { try Self.directory(Names.text(name), below: $0) })
    }

    private static func directory(_ path: String, below root: OwnedDescriptor) throws -> OwnedDescriptor? {
        do throws(SystemError) { return try root.openBeneath(path, O_RDONLY | O_DIRECTORY) } catch {
            guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw error }
            return nil
        }
    }

    /// What a file is to look like.
    struct Look {
        var owner: (user: UInt32, group: UInt32)
        var permissions: UInt32
        var modifiedAt: Int64
    }

    /// Makes `name` one with the earlier layer's file of that name, if that has the content and looks that are wanted.
    func link(_ node: SourceNode, _ look: Look, _ name: [UInt8], in place: Place) throws -> Bool {
        guard let earlier = place.earlier, let content = hasher.known(node.status) else { return false }
        let candidate: FileStatus
        do throws(SystemError) { candidate = try FileStatus(name, in: earlier) } catch {
            guard error.errno == ENOENT else { throw error }
            return false
        }
        guard candidate.kind == .regular, candidate.size == node.status.size, candidate.permissions == look.permissions,
            candidate.userID == look.owner.user, candidate.groupID == look.owner.group,
            candidate.modifiedAt == min(look.modifiedAt, timeLimit ?? .max),
            try hasher.content(ofLayer: candidate, { try earlier.openEntry(name, O_RDONLY) }) == content
        else { return false }
        let text = Names.cString(name)
        if linkat(earlier.raw, text, place.directory.raw, text, 0) != 0 {
            // Too many links, or layers on several file systems: then it is copied.
            guard [EMLINK, EXDEV, EPERM].contains(gantry_errno()) else { throw SystemError.last("linkat", node.path) }
            return false
        }
        return true
    }

    /// What was copied need not be copied the next time.
    func remember(_ file: OwnedDescriptor, copyOf node: SourceNode) throws {
        if let content = hasher.known(node.status) { hasher.keep(content, ofLayer: try file.status()) }
    }
}
