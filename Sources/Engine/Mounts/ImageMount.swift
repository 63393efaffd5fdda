import CLinux
import Essentials
import Images
import LinuxSystem
import OCI

/// An image as a mount of a container: its files, read-only. Source: `cli.md` §2.1, mount type image.
struct ImageMount {
    let mount: ResolvedMount
    let context: EngineContext

    /// Names beyond which the kernel takes no option text at once (fsconfig(2)); then each layer is an option of its own, which
    /// needs Linux 6.7.
    private static let longestOption = 250

    private func find() throws -> ImageSubpath.Found {
        let image = try context.imageStore.image(mount.source)
        let layers = try context.imageStore.lowerNames(of: image.topLayer).map {
            "\(context.imageStore.layersDirectory)/\($0)"
        }
        let found = try ImageSubpath(layers: layers, path: mount.subpath).find()
        if found == .missing {
            throw GantryError.invalid("cannot access path \(mount.subpath) of image `\(mount.source)`: no such file or directory")
        }
        return found
    }

    /// For a container whose ids are mapped: what ``tree(_:)`` has made is bound.
    var boundTree: RuntimeSpecification.Mount {
        RuntimeSpecification.Mount(
            destination: mount.destination, type: "bind", source: mount.source, options: ["bind", "ro", "rprivate"])
    }

    /// The image as a tree that hangs nowhere, with mapped ids.
    /// - Throws: `invalid` when the image or the path in it is gone.
    func tree(_ ids: MappedIDs) throws -> OwnedDescriptor {
        switch try find() {
        case .missing: throw GantryError.internal("a missing path was found")
        case .file(let path):
            let tree = try PrivateMounts.tree(try OwnedDescriptor.open(path, O_PATH | O_NOFOLLOW))
            try PrivateMounts.map(tree, ids)
            return tree
        case .directories(let directories):
            return try PrivateMounts.overlay(
                layersDirectory: context.imageStore.layersDirectory,
                lower: directories.isEmpty ? ["../empty"] : directories, upper: nil, work: nil, ids: ids)
        }
    }

    /// - Throws: `invalid` when the image or the path in it is gone.
    func specification() throws -> RuntimeSpecification.Mount {
        switch try find() {
        case .missing: throw GantryError.internal("a missing path was found")
        case .file(let path):
            return RuntimeSpecification.Mount(
                destination: mount.destination, type: "bind", source: path, options: ["bind", "ro", "rprivate"])
        case .directories(let directories):
            // An overlay that cannot be written needs two directories.
            let all = directories + ["\(context.configuration.dataRoot)/empty"]
            let joined = "lowerdir=" + all.joined(separator: ":")
            let options = joined.utf8.count <= Self.longestOption ? [joined] : all.map { "lowerdir+=\($0)" }
            return RuntimeSpecification.Mount(
                destination: mount.destination, type: "overlay", source: "overlay", options: ["ro"] + options)
        }
    }
}

/// Where a path of an image lies in its layers.
struct ImageSubpath {
    /// Directories of the host, topmost first.
    let layers: [String]
    /// Empty for the whole image.
    let path: String

    enum Found: Equatable {
        case missing
        case file(String)
        /// Topmost first.
        case directories([String])
    }

    /// - Throws: `invalid` for a path with links in it: they could lead out of the image.
    func find() throws -> Found {
        let parts = path.split(separator: "/").map(String.init)
        guard !parts.contains("..") else { throw GantryError.invalid("invalid image subpath `\(path)`") }
        var directories: [String] = []
        for layer in layers {
            let (status, hidesBelow) = try look(layer, parts)
            switch status {
            case .directory: directories.append(([layer] + parts).joined(separator: "/"))
            case .regular where directories.isEmpty: return .file(([layer] + parts).joined(separator: "/"))
            case nil: break
            default: return directories.isEmpty ? .missing : .directories(directories)
            }
            if hidesBelow { break }
        }
        return directories.isEmpty ? .missing : .directories(directories)
    }

    /// What one layer has at the path, and whether it hides what lower layers have.
    private func look(_ layer: String, _ parts: [String]) throws -> (FileStatus.Kind?, hidesBelow: Bool) {
        var directory = try OwnedDescriptor.open(layer, O_PATH | O_DIRECTORY)
        var hides = false
        for (index, name) in parts.enumerated() {
            let status: FileStatus
            do throws(SystemError) { status = try FileStatus(name, in: directory.raw) } catch {
                guard error.errno == ENOENT else { throw error }
                return (nil, hides)
            }
            switch status.kind {
            case .symbolicLink: throw GantryError.invalid("image subpath `\(path)` leads through the symbolic link `\(name)`")
            case .directory:
                directory = try directory.openBeneath(name, O_PATH | O_DIRECTORY)
                hides = hides || isOpaque(directory)
            // A whiteout, or a file in the middle of the path.
            default: return (index == parts.count - 1 ? status.kind : nil, true)
            }
        }
        return (.directory, hides)
    }

    private func isOpaque(_ directory: OwnedDescriptor) -> Bool {
        var value: UInt8 = 0
        return getxattr(directory.procPath, "trusted.overlay.opaque", &value, 1) == 1 && value == UInt8(ascii: "y")
    }
}
