internal import CLinux
internal import Dockerfile
internal import Essentials
internal import LinuxSystem

/// Finds what the sources of COPY and ADD mean below a root directory. Blocks.
struct SourceScanner: Sendable {
    let root: OwnedDescriptor
    /// Left out of the root altogether.
    var ignored = IgnoreFile()
    /// `--exclude`: relative to each copied tree.
    var excluded = IgnoreFile()

    /// One thing to copy.
    struct Match: Sendable {
        var node: SourceNode
        /// Opened; a directory for reading, anything else with O_PATH.
        var descriptor: OwnedDescriptor
        /// Name that a file keeps when it goes into a directory.
        var name: String
    }

    /// Everything that `pattern` means, in order of names.
    /// - Parameter doubleStar: `**` stands for any directories (`--parents`).
    /// - Throws: `invalid` in BuildKit's words when nothing matches.
    func matches(_ pattern: String, doubleStar: Bool = false) throws -> [Match] {
        let relative = CleanPath.relative(pattern)
        let parsed: PathPattern
        do throws(PathPattern.SyntaxError) { parsed = try PathPattern(relative, doubleStar: doubleStar) } catch {
            throw GantryError.invalid("failed to compute cache key: \(error.message): `\(pattern)`")
        }
        let paths = parsed.isLiteral ? [parsed.literalPath] : try expand(parsed, doubleStar: doubleStar)
        var result: [Match] = []
        for path in paths {
            if let match = try match(path) { result.append(match) }
        }
        guard !result.isEmpty else { throw notFound(parsed.isLiteral ? try destination(of: parsed.literalPath) : relative) }
        return result
    }

    /// Where a link at `path` leads as text, link after link; the path itself when there is none.
    private func destination(of path: String) throws -> String {
        var path = path
        for _ in 0..<40 {
            let parent = CleanPath.relative("\(path)/..")
            guard let directory = try root.openInRootIfPresent(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY),
                try WorkTree(root).status(Array(CleanPath.name(path).utf8), in: directory)?.kind == .symbolicLink
            else { return path }
            let target = Names.text(try directory.linkTarget(Array(CleanPath.name(path).utf8)))
            path = CleanPath.relative(target.hasPrefix("/") ? target : "\(parent)/\(target)")
        }
        return path
    }

    private func notFound(_ path: String) -> GantryError {
        var hint: String?
        if !path.isEmpty, ignored.ignores(path) { hint = "`\(path)` is excluded by the ignore file of the build context" }
        return .notFound(
            "failed to compute cache key: failed to calculate checksum of ref build::context: \"/\(path)\": not found", hint: hint)
    }

    private func match(_ path: String) throws -> Match? {
        let isRoot = path.isEmpty
        if !isRoot, ignored.ignores(path), !ignored.mayInclude(below: path) { return nil }
        // Follows links inside the root, also the last one.
        guard let descriptor = try root.openInRootIfPresent(isRoot ? "/" : path, O_PATH) else { return nil }
        let status = try descriptor.status()
        let node = SourceNode(name: Array(CleanPath.name(path).utf8), path: path, status: status)
        guard status.kind == .directory else {
            if !isRoot, ignored.ignores(path) || excluded.ignores(CleanPath.name(path)) { return nil }
            return Match(node: node, descriptor: descriptor, name: CleanPath.name(path))
        }
        let directory = try root.openInRoot(isRoot ? "/" : path, O_RDONLY | O_DIRECTORY)
        try scan(node, directory, relative: "")
        if !isRoot, ignored.ignores(path), node.children.isEmpty { return nil }
        return Match(node: node, descriptor: directory, name: CleanPath.name(path))
    }

    /// Reads what is below a directory, sorted by name, without what is left out.
    /// - Parameter isShared: whether other threads are busy with this tree already.
    private func scan(_ node: SourceNode, _ directory: OwnedDescriptor, relative: String, isShared: Bool = false) throws {
        let names = try DirectoryReader(descriptor: directory).names().sorted { $0.lexicographicallyPrecedes($1) }
        var folders: [(node: SourceNode, relative: String)] = []
        for name in names {
            let text = Names.text(name)
            let path = Names.join(node.path, text)
            let below = Names.join(relative, text)
            let left = ignored.ignores(path) || excluded.ignores(below)
            if left, !ignored.mayInclude(below: path), !excluded.mayInclude(below: below) { continue }
            let status = try FileStatus(name, in: directory)
            let target = status.kind == .symbolicLink ? try directory.linkTarget(name) : []
            let child = SourceNode(name: name, path: path, status: status, linkTarget: target)
            if status.kind == .directory {
                child.isOnlyOnTheWay = left
                folders.append((child, below))
            } else if left || status.kind == .socket || status.kind == .unknown {
                continue
            }
            node.children.append(child)
        }
        try BlockingWork.forEach(folders, isShared: isShared) { folder, isShared in
            let opened = try WorkTree(root).open(folder.node.name, in: directory)
            try scan(folder.node, opened, relative: folder.relative, isShared: isShared)
        }
        // The others are kept for the sake of what an exception brought back in.
        node.children.removeAll { $0.isOnlyOnTheWay && $0.children.isEmpty }
    }

    /// The paths below the root that a pattern matches.
    private func expand(_ pattern: PathPattern, doubleStar: Bool) throws -> [String] {
        let depth = doubleStar && pattern.text.contains("**") ? Int.max : pattern.text.split(separator: "/").count
        var found: [String] = []
        try walk("", try root.openInRoot("/", O_RDONLY | O_DIRECTORY), depth: depth) { path in
            if pattern.matches(path) { found.append(path) }
        }
        return found
    }

    private func walk(_ path: String, _ directory: OwnedDescriptor, depth: Int, _ visit: (String) -> Void) throws {
        for name in try DirectoryReader(descriptor: directory).names().sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let below = Names.join(path, Names.text(name))
            visit(below)
            guard depth > 1 else { continue }
            do {
                try walk(below, try WorkTree(root).open(name, in: directory), depth: depth == Int.max ? depth : depth - 1, visit)
            } catch let error as SystemError where error.errno == ENOTDIR || error.errno == ELOOP { continue }
        }
    }
}
