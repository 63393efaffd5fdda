internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Copies what a scanner found into a step's root. Blocks.
struct TreeCopier: Sendable {
    /// What changes on the way.
    struct Options: Sendable {
        /// Nil keeps the source's owners when `keepsOwners` is set, and gives root otherwise.
        var owner: (user: UInt32, group: UInt32)?
        var keepsOwners = false
        var mode: FileMode?
        /// Nanoseconds since 1970 in place of the source's time.
        var modifiedAt: Int64?
    }

    let tree: WorkTree
    let options: Options
    var upper: UpperTree?
    /// Asked between files; throws when the build was cancelled.
    var checkpoint: @Sendable () throws -> Void = {}

    /// What directories made on the way to the destination look like.
    var template: WorkTree.Template {
        WorkTree.Template(user: options.owner?.user ?? 0, group: options.owner?.group ?? 0)
    }

    /// Copies the content of a directory, or a file, to `destination`.
    /// - Parameter destination: absolute; a slash at the end makes it a directory.
    func copy(_ match: SourceScanner.Match, to destination: String) throws {
        if match.node.status.kind == .directory {
            try copyContents(match, to: destination)
        } else {
            try copyFile(match, to: destination)
        }
    }

    private func copyContents(_ match: SourceScanner.Match, to destination: String) throws {
        let place = try tree.place(destination, making: template)
        guard !place.name.isEmpty else {
            try children(of: match.node, match.descriptor, into: place.directory, place.path)
            if !isClientRoot(match) { try setTime(of: place.directory, match.node) }
            return
        }
        guard try tree.status(place.name, in: place.directory) == nil else {
            throw GantryError.invalid("cannot copy to non-directory: \(place.path)")
        }
        // A destination that is made does not look like the source: only what is below is copied. The time is taken over, unless
        // owners or modes are changed (BuildKit makes the directory beforehand then).
        var look = template
        look.permissions = options.mode?.apply(to: 0o755, isDirectory: true) ?? 0o755
        let directory = try tree.makeDirectory(place.name, in: place.directory, look)
        try fill(directory, match.node, match.descriptor, at: place)
        if options.owner == nil, options.mode == nil, !isClientRoot(match) { try setTime(of: directory, match.node) }
    }

    /// A client's folder itself, of which only the content counts.
    private func isClientRoot(_ match: SourceScanner.Match) -> Bool { match.node.path.isEmpty && !options.keepsOwners }

    private func copyFile(_ match: SourceScanner.Match, to destination: String) throws {
        var place: WorkTree.Place
        if destination.hasSuffix("/") {
            let directory = try tree.directory(destination, making: template)
            place = try into(directory, match.name, CleanPathText.join(destination, match.name))
        } else {
            place = try tree.place(destination, making: template)
            if place.name.isEmpty { place = try into(place.directory, match.name, CleanPathText.join(place.path, match.name)) }
        }
        try entry(match.node, at: place) { try OwnedDescriptor.open(match.descriptor.procPath, O_RDONLY) }
    }

    /// A name in a directory; a link of that name is followed as a path would.
    private func into(_ directory: OwnedDescriptor, _ name: String, _ path: String) throws -> WorkTree.Place {
        let bytes = Array(name.utf8)
        if try tree.status(bytes, in: directory)?.kind == .symbolicLink { return try tree.place(path, making: template) }
        return WorkTree.Place(directory: directory, name: bytes, path: path)
    }

    /// Copies a match with the directories above it (`--parents`), made to look like the source's.
    func copyWithParents(_ match: SourceScanner.Match, from root: OwnedDescriptor, below cut: String, to destination: String) throws
    {
        let kept = cut.isEmpty ? match.node.path : String(match.node.path.dropFirst(cut.utf8.count)).drop { $0 == "/" }.description
        var directory = try tree.directory(destination, making: template)
        var source = cut
        var path = destination
        let names = kept.split(separator: "/").map(String.init)
        let above = match.node.status.kind == .directory ? names[...] : names.dropLast()
        for name in above {
            source = Names.join(source, name)
            path = CleanPathText.join(path, name)
            let bytes = Array(name.utf8)
            if let there = try tree.status(bytes, in: directory) {
                guard there.kind == .directory else { throw GantryError.invalid("cannot copy to non-directory: \(path)") }
                directory = try tree.open(bytes, in: directory)
            } else {
                let original = SourceNode(name: bytes, path: source, status: try root.openInRoot(source, O_PATH).status())
                directory = try tree.makeDirectory(bytes, in: directory, look(of: original))
            }
        }
        if match.node.status.kind == .directory {
            try children(of: match.node, match.descriptor, into: directory, path)
        } else {
            let place = WorkTree.Place(directory: directory, name: match.node.name, path: CleanPathText.join(path, match.name))
            try entry(match.node, at: place) { try OwnedDescriptor.open(match.descriptor.procPath, O_RDONLY) }
        }
    }

    private func children(of node: SourceNode, _ source: OwnedDescriptor, into target: OwnedDescriptor, _ path: String) throws {
        for child in node.children {
            let place = WorkTree.Place(directory: target, name: child.name, path: CleanPathText.join(path, Names.text(child.name)))
            if child.status.kind == .directory {
                try directory(child, source, at: place)
            } else {
                try entry(child, at: place) { try Self.open(child, in: source) }
            }
        }
    }

    /// Copies into a directory that was made just now: nothing can be in the way there.
    private func fill(_ made: OwnedDescriptor, _ node: SourceNode, _ source: OwnedDescriptor, at place: WorkTree.Place) throws {
        guard let upper, let target = try upper.place(place.path) else {
            return try children(of: node, source, into: made, place.path)
        }
        try fill(target, upper, node, source)
    }

    /// - Parameter isShared: whether other threads are busy with this tree already.
    private func fill(
        _ target: UpperTree.Place, _ upper: UpperTree, _ node: SourceNode, _ source: OwnedDescriptor, isShared: Bool = false
    ) throws {
        let folders = node.children.filter { $0.status.kind == .directory }
        try BlockingWork.forEach(folders, isShared: isShared) { folder, isShared in
            try checkpoint()
            let from = try tree.open(folder.name, in: source)
            let made = try tree.makeDirectory(folder.name, in: target.directory, look(of: folder))
            try fill(try upper.child(folder.name, of: target, made), upper, folder, from, isShared: isShared)
            try finish(made, folder, from)
        }
        for child in node.children where child.status.kind != .directory {
            try checkpoint()
            let place = WorkTree.Place(directory: target.directory, name: child.name, path: child.path)
            switch child.status.kind {
            case .regular:
                let time = options.modifiedAt ?? child.status.modifiedAt
                let look = UpperTree.Look(owner: owner(of: child), permissions: permissions(child), modifiedAt: time)
                if try upper.link(child, look, child.name, in: target) { continue }
                try upper.remember(try FileCopy(self).copy(try Self.open(child, in: source), child, to: place), copyOf: child)
            case .symbolicLink: try FileCopy(self).link(child, to: place)
            default: try FileCopy(self).node(child, to: place)
            }
        }
    }

    private static func open(_ node: SourceNode, in directory: OwnedDescriptor) throws -> OwnedDescriptor {
        OwnedDescriptor(
            try check("openat", node.path) {
                gantry_openat(directory.raw, Names.cString(node.name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0)
            })
    }

    private func directory(_ node: SourceNode, _ source: OwnedDescriptor, at place: WorkTree.Place) throws {
        let from = try tree.open(node.name, in: source)
        if let there = try tree.status(place.name, in: place.directory) {
            guard there.kind == .directory else { throw GantryError.invalid("cannot copy to non-directory: \(place.path)") }
            try children(of: node, from, into: try tree.open(place.name, in: place.directory), place.path)
            return
        }
        let made = try tree.makeDirectory(place.name, in: place.directory, look(of: node))
        try fill(made, node, from, at: place)
        try finish(made, node, from)
    }

    /// Gives a new directory what its source has, once everything is in it.
    private func finish(_ made: OwnedDescriptor, _ node: SourceNode, _ source: OwnedDescriptor) throws {
        try ExtendedAttributes.write(try ExtendedAttributes.read(source), to: made)
        // One that is there only because of what an exception brought back in was not sent itself.
        if !node.isOnlyOnTheWay { try setTime(of: made, node) }
    }

    /// Anything but a directory.
    private func entry(_ node: SourceNode, at place: WorkTree.Place, open: () throws -> OwnedDescriptor) throws {
        try checkpoint()
        if let there = try tree.status(place.name, in: place.directory) {
            guard there.kind != .directory else {
                throw GantryError.invalid("cannot replace to directory \(place.path) with file")
            }
            try check("unlinkat", place.path) { unlinkat(place.directory.raw, Names.cString(place.name), 0) }
        }
        switch node.status.kind {
        case .regular: _ = try FileCopy(self).copy(try open(), node, to: place)
        case .symbolicLink: try FileCopy(self).link(node, to: place)
        default: try FileCopy(self).node(node, to: place)
        }
    }

    // MARK: How things look

    func owner(of node: SourceNode) -> (user: UInt32, group: UInt32) {
        options.owner ?? (options.keepsOwners ? (node.status.userID, node.status.groupID) : (0, 0))
    }

    func permissions(_ node: SourceNode) -> UInt32 {
        options.mode?.apply(to: node.status.permissions, isDirectory: node.status.kind == .directory) ?? node.status.permissions
    }

    private func look(of node: SourceNode) -> WorkTree.Template {
        let owner = owner(of: node)
        return WorkTree.Template(user: owner.user, group: owner.group, permissions: permissions(node))
    }

    func times(_ node: SourceNode) -> [timespec] { FileCopy.times(options.modifiedAt ?? node.status.modifiedAt) }

    private func setTime(of directory: OwnedDescriptor, _ node: SourceNode) throws {
        try check("futimens") { futimens(directory.raw, times(node)) }
    }
}

/// Joins paths for messages and for destinations below a directory.
enum CleanPathText {
    static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }
}
