internal import CLinux
internal import Essentials
internal import LinuxSystem

/// A step's root directory, written beneath by descriptors only. Links in paths are followed as a process inside the root
/// would follow them, so nothing leads out of it. Blocks.
struct WorkTree: Sendable {
    let root: OwnedDescriptor

    /// What directories made on the way look like.
    struct Template {
        var user: UInt32 = 0
        var group: UInt32 = 0
        var permissions: UInt32 = 0o755
    }

    /// A directory and a name in it; an empty name stands for the directory itself.
    struct Place {
        var directory: OwnedDescriptor
        var name: [UInt8]
        /// For messages.
        var path: String
    }

    init(_ root: OwnedDescriptor) { self.root = root }

    /// Where `path` leads, links followed to the end, missing directories above it made.
    func place(_ path: String, making template: Template) throws -> Place {
        var rest = Self.components(Array(path.utf8))
        var stack = [root]
        var names: [[UInt8]] = []
        var links = 0
        while let component = rest.first {
            rest.removeFirst()
            if component == [46, 46] {
                if stack.count > 1 {
                    stack.removeLast()
                    names.removeLast()
                }
                continue
            }
            let directory = stack[stack.count - 1]
            switch try status(component, in: directory)?.kind {
            case .symbolicLink?:
                links += 1
                guard links <= 40 else { throw SystemError("open", path, errno: ELOOP) }
                let target = try directory.linkTarget(component)
                if target.first == 47 {
                    stack = [root]
                    names = []
                }
                rest = Self.components(target) + rest
            case .directory?:
                stack.append(try open(component, in: directory))
                names.append(component)
            case nil where !rest.isEmpty:
                stack.append(try makeDirectory(component, in: directory, template))
                names.append(component)
            case nil:
                return Place(directory: directory, name: component, path: Self.text(names + [component]))
            case .some:
                guard rest.isEmpty else {
                    throw GantryError.invalid("cannot create `\(path)`: `\(Self.text(names + [component]))` is not a directory")
                }
                return Place(directory: directory, name: component, path: Self.text(names + [component]))
            }
        }
        return Place(directory: stack[stack.count - 1], name: [], path: Self.text(names))
    }

    /// The directory at `path`, made with `template` where it or one above is missing.
    /// - Throws: `invalid` when something else is there.
    func directory(_ path: String, making template: Template) throws -> OwnedDescriptor {
        let place = try place(path, making: template)
        guard !place.name.isEmpty else { return place.directory }
        guard try status(place.name, in: place.directory) == nil else {
            throw GantryError.invalid("cannot copy to non-directory: \(place.path)")
        }
        return try makeDirectory(place.name, in: place.directory, template)
    }

    /// What is at `name`, links not followed; nil when nothing is.
    func status(_ name: [UInt8], in directory: OwnedDescriptor) throws -> FileStatus? {
        let raw = gantry_openat(directory.raw, Names.cString(name), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
        if raw < 0 {
            if gantry_errno() == ENOENT { return nil }
            throw SystemError.last("openat", Names.text(name))
        }
        return try OwnedDescriptor(raw).status()
    }

    func open(_ name: [UInt8], in directory: OwnedDescriptor) throws -> OwnedDescriptor {
        OwnedDescriptor(
            try check("openat", Names.text(name)) {
                gantry_openat(directory.raw, Names.cString(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
            })
    }

    func makeDirectory(_ name: [UInt8], in directory: OwnedDescriptor, _ template: Template) throws -> OwnedDescriptor {
        try check("mkdirat", Names.text(name)) { mkdirat(directory.raw, Names.cString(name), 0o700) }
        let made = try open(name, in: directory)
        try check("fchown") { fchown(made.raw, template.user, template.group) }
        try check("fchmod") { fchmod(made.raw, template.permissions) }
        return made
    }

    /// Without empty parts and `.`.
    static func components(_ path: [UInt8]) -> [[UInt8]] { path.split(separator: 47).map(Array.init).filter { $0 != [46] } }

    private static func text(_ names: [[UInt8]]) -> String { "/" + names.map(Names.text).joined(separator: "/") }
}
