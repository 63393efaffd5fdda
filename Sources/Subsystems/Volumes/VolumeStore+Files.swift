internal import Essentials
internal import Glibc
package import LinuxSystem

/// A volume's files.
extension VolumeStore {
    /// Bytes on disk.
    package func size(_ name: String) throws -> Int64 {
        try FileSystem.usage(of: try OwnedDescriptor.open(mountpoint(name), O_RDONLY | O_DIRECTORY))
    }

    /// Makes the volume ready for use: mounts it when its options say so. - Returns: the directory to bind.
    package func prepare(_ name: String) throws -> String {
        let volume = try get(name)
        let path = mountpoint(name)
        try FileSystem.makeDirectories(path)
        guard let mount = try LocalOptions.mount(volume.options, volume: name), !FileSystem.isMountPoint(path) else { return path }
        do throws(SystemError) {
            try FileSystem.mountFileSystem(mount.type, source: mount.source, at: path, flags: mount.flags, data: mount.data)
        } catch {
            throw GantryError.invalid(
                "failed to mount local volume: mount \(mount.source):\(path), data: \(mount.data): \(error.reason)", cause: error,
                hint: "check type, o and device of volume `\(name)`")
        }
        return path
    }

    /// Unmounts a volume with options when no container in `running` uses it.
    package func release(_ name: String, running: Set<String>) throws {
        guard let volume = try? get(name), try LocalOptions.mount(volume.options, volume: name) != nil else { return }
        guard try references(name).allSatisfy({ !running.contains($0.container) }) else { return }
        try FileSystem.unmountFileSystem(mountpoint(name))
    }

    /// Copies what an image has at `path` into a volume that is still empty; anything else is left as it is.
    /// - Parameters:
    ///   - root: the image's root directory; `path` is resolved inside it.
    /// - Returns: whether something was copied.
    @discardableResult
    package func fill(volume name: String, fromRoot root: OwnedDescriptor, path: String) throws -> Bool {
        let target = try OwnedDescriptor.open(mountpoint(name), O_RDONLY | O_DIRECTORY)
        guard try DirectoryReader(descriptor: target).names().isEmpty else { return false }
        let source: OwnedDescriptor
        do throws(SystemError) { source = try root.openInRoot(path, O_RDONLY | O_DIRECTORY) } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return false }
            throw GantryError.invalid("cannot copy `\(path)` of the image into volume `\(name)`", cause: error)
        }
        do throws(SystemError) { try TreeCopy.copy(contentsOf: source, to: target) } catch {
            throw GantryError.unavailable("cannot copy `\(path)` of the image into volume `\(name)`", cause: error)
        }
        return true
    }
}
