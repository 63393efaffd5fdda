internal import Archive
internal import BuildGraph
internal import CLinux
internal import Compression
internal import Dockerfile
internal import Essentials
internal import LinuxSystem

/// COPY or ADD with everything expanded and found: only the writing is left.
struct CopyWork: Sendable {
    /// A document of the Dockerfile as a file.
    struct Document: Sendable {
        var name: String
        var content: [UInt8]
    }

    /// A file that came over the network.
    struct Download: Sendable {
        var content: OwnedDescriptor
        var name: String
        var modifiedAt: Int64?
    }

    /// A commit of a git repository.
    struct Repository: Sendable {
        var source: GitSource
        var commit: String
        var keepsGitDirectory: Bool
        var files: GitFiles?

        mutating func fetch(_ worker: any BuildWorker) async throws {
            files = try await worker.gitFiles(source, commit: commit, keepsGitDirectory: keepsGitDirectory)
        }
    }

    var keyword: String
    /// What the sources are found in; nil as long as they are not looked for.
    var root: OwnedDescriptor?
    /// For each source: what it means, and how many leading directories `--parents` cuts.
    var sources: [(matches: [SourceScanner.Match], cut: Int)] = []
    var documents: [Document] = []
    var downloads: [Download] = []
    var repositories: [Repository] = []
    /// Absolute; a slash at the end makes it a directory.
    var destination: String
    var owner: String?
    /// Whose accounts name the owner; nil for the root that is written.
    var accounts: OwnedDescriptor?
    var mode: FileMode?
    var keepsOwners = false
    var keepsParents = false
    /// Local archives are unpacked (ADD).
    var unpacks = false
    var unpacksDownloads = false

    private var count: Int { sources.reduce(0) { $0 + $1.matches.count } + documents.count + downloads.count + repositories.count }

    /// Writes everything below a workspace's root. Blocks.
    func perform(in target: OwnedDescriptor, upper: UpperTree? = nil, checkpoint: @escaping @Sendable () throws -> Void) throws {
        let tree = WorkTree(target)
        var options = TreeCopier.Options(keepsOwners: keepsOwners)
        options.owner = try owner.map { try Accounts(root: accounts ?? target).owner($0) }
        options.mode = mode
        let copier = TreeCopier(tree: tree, options: options, upper: upper, checkpoint: checkpoint)
        if count > 1, !destination.hasSuffix("/"), !keepsParents { try requireDirectory(tree) }
        for (matches, cut) in sources {
            for match in matches {
                if keepsParents, let root {
                    let prefix = match.node.path.split(separator: "/").prefix(cut).joined(separator: "/")
                    try copier.copyWithParents(match, from: root, below: prefix, to: destination)
                } else if unpacks, match.node.status.kind == .regular, try unpack(match.descriptor, tree, copier.template) {
                    continue
                } else {
                    try copier.copy(match, to: destination)
                }
            }
        }
        for repository in repositories { try write(repository, tree, copier) }
        for document in documents { try write(document, tree, copier) }
        for download in downloads { try write(download, tree, copier) }
    }

    /// Several sources go only into a directory that is there or is said to be one.
    private func requireDirectory(_ tree: WorkTree) throws {
        guard try tree.root.openInRootIfPresent(destination, O_PATH)?.status().kind == .directory else {
            throw GantryError.invalid(
                "When using \(keyword) with more than one source file, the destination must be a directory and end with a /")
        }
    }

    /// Where a file with a name of its own goes.
    private func place(_ name: String, _ tree: WorkTree, _ template: WorkTree.Template) throws -> WorkTree.Place {
        var place: WorkTree.Place
        if destination.hasSuffix("/") {
            let directory = try tree.directory(destination, making: template)
            place = WorkTree.Place(directory: directory, name: Array(name.utf8), path: destination + name)
        } else {
            place = try tree.place(destination, making: template)
            if place.name.isEmpty {
                place = WorkTree.Place(
                    directory: place.directory, name: Array(name.utf8), path: CleanPathText.join(place.path, name))
            }
        }
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/") else {
            throw GantryError.invalid("`\(name)` is no name for a file")
        }
        if let there = try tree.status(place.name, in: place.directory) {
            guard there.kind != .directory else { throw GantryError.invalid("cannot replace to directory \(place.path) with file") }
            try check("unlinkat", place.path) { unlinkat(place.directory.raw, Names.cString(place.name), 0) }
        }
        return place
    }

    private func write(_ document: Document, _ tree: WorkTree, _ copier: TreeCopier) throws {
        try FileCopy.write(
            document.content, to: try place(document.name, tree, copier.template), owner: copier.options.owner ?? (0, 0),
            permissions: mode?.apply(to: 0o644, isDirectory: false) ?? 0o644)
    }

    private func write(_ download: Download, _ tree: WorkTree, _ copier: TreeCopier) throws {
        if unpacksDownloads, try unpack(download.content, tree, copier.template) { return }
        try check("lseek") { lseek(download.content.raw, 0, SEEK_SET) }
        var status = try download.content.status()
        status.mode = UInt32(S_IFREG) | 0o600
        let node = SourceNode(name: Array(download.name.utf8), path: download.name, status: status)
        var options = copier.options
        options.keepsOwners = false
        options.modifiedAt = download.modifiedAt ?? Timestamp.now().nanoseconds
        let place = try place(download.name, tree, copier.template)
        _ = try FileCopy(TreeCopier(tree: tree, options: options)).copy(download.content, node, to: place)
    }

    /// All files get the time of the commit, so that the same commit always gives the same layer.
    private func write(_ repository: Repository, _ tree: WorkTree, _ copier: TreeCopier) throws {
        guard let files = repository.files else { throw GantryError.internal("a repository was not fetched") }
        var options = copier.options
        options.keepsOwners = false
        options.modifiedAt = files.committedAt
        let copier = TreeCopier(tree: tree, options: options, upper: copier.upper, checkpoint: copier.checkpoint)
        do {
            for match in try SourceScanner(root: files.root).matches(repository.source.subdirectory ?? "/") {
                try copier.copy(match, to: destination)
            }
        } catch let error as GantryError where error.kind == .notFound {
            throw GantryError.notFound(
                "`\(repository.source.subdirectory ?? "/")` is not in the repository `\(repository.source.publicAddress)`")
        }
    }

    // MARK: Archives

    /// Unpacks a tar, plain or compressed, over the destination.
    /// - Returns: false when the file is no archive, by its content.
    private func unpack(_ file: OwnedDescriptor, _ tree: WorkTree, _ template: WorkTree.Template) throws -> Bool {
        guard Self.isArchive(try Self.reader(file)) else { return false }
        let directory = try tree.directory(destination, making: template)
        try TarExtractor(into: directory, options: .init(.plain)).extract(try Self.reader(file))
        return true
    }

    /// A fresh reader from the start of the file.
    private static func reader(_ file: OwnedDescriptor) throws -> TarReader {
        let source = try OwnedDescriptor.open(file.procPath, O_RDONLY)
        let decompressor = try Decompressor {
            var chunk = [UInt8](repeating: 0, count: 256 << 10)
            let count = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
            return count == 0 ? nil : Array(chunk[..<count])
        }
        return TarReader { try decompressor.next() }
    }

    private static func isArchive(_ reader: TarReader) -> Bool {
        // Whatever cannot be read as a tar is a file like any other.
        do { return try reader.next() != nil } catch { return false }
    }
}
