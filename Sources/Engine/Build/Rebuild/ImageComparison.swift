import CLinux
import Essentials
import Images
import LinuxSystem
import OCI

/// What two images have that is not the same. Blocks while it reads their files.
package struct ImageComparison: Sendable {
    package struct Difference: Sendable, Hashable {
        package var path: String
        /// `content`, `mode`, `owner`, `time`, `type`, `target`, `device`, `attributes`, or `missing` and `added` for what only
        /// the first or only the second image has.
        package var what: [String]
        /// The two values of what can be said in a word.
        package var details: [String] = []
    }

    /// By path.
    package private(set) var files: [Difference] = []
    /// Members of the configuration that differ.
    package private(set) var configuration: [String] = []

    init(_ old: Image, _ new: Image, in store: ImageStore) throws {
        configuration = Self.compare(old.config, new.config)
        guard old.topLayer != new.topLayer else { return }
        try compare(Self.root(old, store), Self.root(new, store), "")
        files.sort { $0.path < $1.path }
    }

    private static func root(_ image: Image, _ store: ImageStore) throws -> OwnedDescriptor {
        let names = try store.lowerNames(of: image.topLayer)
        return try PrivateMounts.overlay(
            layersDirectory: store.layersDirectory, lower: names.isEmpty ? ["../empty"] : names, upper: nil, work: nil,
            readOnly: true
        ).openInRoot("/", O_RDONLY | O_DIRECTORY)
    }

    // MARK: Files

    private mutating func compare(_ old: OwnedDescriptor, _ new: OwnedDescriptor, _ path: String) throws {
        let before = Set(try DirectoryReader(descriptor: old).names())
        let after = Set(try DirectoryReader(descriptor: new).names())
        for name in before.union(after) {
            let below = "\(path)/\(String(decoding: name, as: UTF8.self))"
            guard before.contains(name), after.contains(name) else {
                files.append(Difference(path: below, what: [before.contains(name) ? "missing" : "added"]))
                continue
            }
            let (left, right) = (try FileStatus(name, in: old), try FileStatus(name, in: new))
            var difference = Difference(path: below, what: [])
            if left.kind == right.kind {
                try content(name, (old, left), (new, right), &difference)
            } else {
                difference.what.append("type")
            }
            Self.metadata(left, right, &difference)
            if !difference.what.isEmpty { files.append(difference) }
            if left.kind == .directory, right.kind == .directory {
                try compare(
                    old.openEntry(name, O_RDONLY | O_DIRECTORY), new.openEntry(name, O_RDONLY | O_DIRECTORY), below)
            }
        }
    }

    private func content(
        _ name: [UInt8], _ old: (folder: OwnedDescriptor, status: FileStatus), _ new: (folder: OwnedDescriptor, status: FileStatus),
        _ difference: inout Difference
    ) throws {
        switch old.status.kind {
        case .regular:
            let left = try old.folder.openEntry(name, O_RDONLY)
            let right = try new.folder.openEntry(name, O_RDONLY)
            let isSame = try old.status.size == new.status.size && left.hasSameContent(as: right)
            if !isSame {
                difference.what.append("content")
                if old.status.size != new.status.size {
                    difference.details.append("\(old.status.size) B → \(new.status.size) B")
                }
            }
            if try Self.attributes(left) != Self.attributes(right) { difference.what.append("attributes") }
        case .symbolicLink:
            if try old.folder.linkTarget(name) != new.folder.linkTarget(name) { difference.what.append("target") }
        case .characterDevice, .blockDevice:
            if old.status.specialDevice != new.status.specialDevice { difference.what.append("device") }
        default: break
        }
    }

    private static func metadata(_ old: FileStatus, _ new: FileStatus, _ difference: inout Difference) {
        if old.permissions != new.permissions {
            difference.what.append("mode")
            difference.details.append("\(String(old.permissions, radix: 8)) → \(String(new.permissions, radix: 8))")
        }
        if (old.userID, old.groupID) != (new.userID, new.groupID) {
            difference.what.append("owner")
            difference.details.append("\(old.userID):\(old.groupID) → \(new.userID):\(new.groupID)")
        }
        // Layers hold whole seconds.
        let times = [old, new].map { Timestamp(seconds: Timestamp(nanoseconds: $0.modifiedAt).seconds) }
        if times[0] != times[1] {
            difference.what.append("time")
            difference.details.append("\(times[0].rfc3339) → \(times[1].rfc3339)")
        }
    }

    /// Those that layers keep.
    private static func attributes(_ file: OwnedDescriptor) throws -> [String: [UInt8]] {
        let all = try ExtendedAttributes.read(file).filter { !$0.name.hasPrefix("user.overlay.") }
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.value) })
    }

    // MARK: Configuration

    private static func compare(_ old: ImageConfig, _ new: ImageConfig) -> [String] {
        let (left, right) = (old.config ?? ContainerDefaults(), new.config ?? ContainerDefaults())
        let checks: [(String, Bool)] = [
            ("Author", old.author == new.author), ("Cmd", left.command == right.command),
            ("Created", old.created == new.created), ("Entrypoint", left.entrypoint == right.entrypoint),
            ("Env", left.environment == right.environment), ("ExposedPorts", left.exposedPorts == right.exposedPorts),
            ("Healthcheck", left.healthcheck == right.healthcheck), ("History", old.history == new.history),
            ("Labels", left.labels == right.labels), ("Layers", old.rootfs.diffIDs.count == new.rootfs.diffIDs.count),
            ("OnBuild", left.onBuild == right.onBuild), ("Platform", old.platform == new.platform),
            ("Shell", left.shell == right.shell), ("StopSignal", left.stopSignal == right.stopSignal),
            ("User", left.user == right.user), ("Volumes", left.volumes == right.volumes),
            ("WorkingDir", left.workingDirectory == right.workingDirectory),
        ]
        return checks.filter { !$0.1 }.map(\.0)
    }
}
