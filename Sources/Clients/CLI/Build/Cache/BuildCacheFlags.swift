import CLinux
import DockerAPI
import Essentials
import LinuxSystem

/// `--cache-from` and `--cache-to`, with the folders that they name opened.
struct BuildCacheFlags {
    var from: [String]
    var to: [String]

    /// The images that are named alone, as Docker's own parameter has them.
    static func images(_ from: [String]) throws -> [String] {
        try from.flatMap { try BuildCacheOption.parse($0) }.filter(\.type.isEmpty).compactMap { $0.attributes["ref"] }
    }

    /// All others.
    /// - Parameter warn: told of a source that is not there, which is no error.
    func options(
        warn: (String) -> Void
    ) throws -> (from: [BuildCacheOption], to: [BuildCacheOption], folders: [OwnedDescriptor]) {
        var folders: [OwnedDescriptor] = []
        var sources: [BuildCacheOption] = []
        for var option in try from.flatMap({ try BuildCacheOption.parse($0) }) where !option.type.isEmpty {
            if option.type == "local", let path = option.attributes["src"], !path.isEmpty {
                do {
                    let folder = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
                    option.folder = try folder.described()
                    folders.append(folder)
                } catch {
                    warn("local cache import at \(path) not found due to err: \(error)")
                    continue
                }
            }
            sources.append(option)
        }
        var targets: [BuildCacheOption] = []
        for var option in try to.flatMap({ try BuildCacheOption.parse($0) }) {
            if option.type == "local", let path = option.attributes["dest"], !path.isEmpty {
                do {
                    try FileSystem.makeDirectories(path)
                    let folder = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
                    option.folder = try folder.described()
                    folders.append(folder)
                } catch { throw GantryError(.unavailable, "cannot make the folder `\(path)` for the cache", cause: error) }
            }
            targets.append(option)
        }
        return (sources, targets, folders)
    }
}
