internal import BuildGraph
internal import Crypto
internal import Dockerfile
internal import Essentials
internal import LinuxSystem

extension StageRunner {
    static func isRemote(_ source: String) -> Bool {
        let lower = source.lowercased()
        return lower.hasPrefix("http://") || lower.hasPrefix("https://")
    }

    /// Finds out which commit is meant; its files are fetched only when the step is done.
    func gitFiles(
        _ source: GitSource, _ add: CopyArguments
    ) async throws -> (repository: CopyWork.Repository, ingredient: Ingredient) {
        var source = source
        if let checksum = try add.checksum.map({ try expand($0) }) { source.checksum = checksum }
        let keeps = add.keepsGitDirectory || source.keepsGitDirectory ?? false
        let commit: String
        do { commit = try await session.worker.gitCommit(source) } catch let error as GantryError {
            throw GantryError(error.kind, "failed to load cache key: \(error.message)", cause: error.cause, hint: error.hint)
        }
        let repository = CopyWork.Repository(source: source, commit: commit, keepsGitDirectory: keeps)
        let value = "\(commit) \(source.subdirectory ?? "") \(keeps) \(source.fetchesSubmodules)"
        return (repository, Ingredient(.file, source.publicAddress, value))
    }

    /// Gets a file for ADD; its content, name and time belong to the key.
    func download(
        _ url: String, _ add: CopyArguments, _ destination: String, _ step: Step
    ) async throws -> (file: CopyWork.Download, ingredient: Ingredient) {
        let file: FetchedFile
        do { file = try await session.worker.fetch(url) } catch let error as GantryError {
            throw BuildFailure(
                GantryError(error.kind, "failed to load cache key: \(error.message)", cause: error.cause, hint: error.hint),
                classicMessage: "ADD failed: \(error)")
        }
        let hasher = session.hasher
        let digest = try await BlockingWork.run {
            "sha256:" + (try hasher.content(try OwnedDescriptor.open(file.content.procPath, 0)))
        }
        if let wanted = try add.checksum.map({ try expand($0) }), wanted.lowercased() != digest {
            throw GantryError.invalid("digest mismatch for `\(url)`: expected \(wanted), got \(digest)")
        }
        let path = url.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3).joined(separator: "/")
        let bare = String(path.prefix { $0 != "?" && $0 != "#" })
        let name = file.name.map(CleanPath.name) ?? CleanPath.name(bare)
        if name.isEmpty, destination.hasSuffix("/") {
            throw GantryError.invalid("cannot determine filename for source \(url)")
        }
        let download = CopyWork.Download(content: file.content, name: name.isEmpty ? "download" : name, modifiedAt: file.modifiedAt)
        let ingredient = Ingredient(.file, url, "\(digest) \(download.name) \(file.modifiedAt ?? 0)")
        return (download, ingredient)
    }
}
