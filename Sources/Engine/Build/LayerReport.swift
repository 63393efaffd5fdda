import CLinux
import Essentials
import Images
import LinuxSystem
import OCI

/// What each layer of an image brought, and what of it later ones overwrite or delete. Blocks while it walks the layers.
package struct LayerReport: Sendable {
    package struct Item: Sendable {
        package var instruction: String
        package var diffID: String
        /// Bytes of regular files.
        package var size: Int64 = 0
        package var added = 0
        package var changed = 0
        package var removed = 0
        package var wasted: Int64 = 0
    }

    /// From the base upwards.
    package private(set) var layers: [Item] = []
    /// Largest first.
    package private(set) var waste: [(path: String, size: Int64)] = []
    /// Of each path that is seen: its bytes and its layer.
    private var visible: [String: (size: Int64, layer: Int)] = [:]

    /// Bytes that are seen, of all.
    package var efficiency: Double {
        let total = layers.reduce(0) { $0 + $1.size }
        let wasted = layers.reduce(0) { $0 + $1.wasted }
        return total == 0 ? 1 : Double(total - wasted) / Double(total)
    }

    init(_ image: Image, in store: ImageStore) throws {
        let lines = (image.config.history ?? []).filter { $0.emptyLayer != true }.map { $0.createdBy ?? $0.comment ?? "" }
        let names = try store.lowerNames(of: image.topLayer).reversed()
        for (number, (name, diffID)) in zip(names, image.config.rootfs.diffIDs).enumerated() {
            layers.append(Item(instruction: number < lines.count ? lines[number] : "", diffID: diffID.description))
            let root = try OwnedDescriptor.open("\(store.layersDirectory)/\(name)", O_RDONLY | O_DIRECTORY)
            var links: Set<UInt64> = []
            try walk(root, "", &links)
        }
        waste.sort { ($1.size, $0.path) < ($0.size, $1.path) }
    }

    private mutating func walk(_ directory: OwnedDescriptor, _ path: String, _ links: inout Set<UInt64>) throws {
        let layer = layers.count - 1
        if !path.isEmpty, Self.isOpaque(directory) { hide(below: path, keepingLayer: layer) }
        for name in try DirectoryReader(descriptor: directory).names() {
            let status = try FileStatus(name, in: directory)
            let below = "\(path)/\(String(decoding: name, as: UTF8.self))"
            switch status.kind {
            case .characterDevice where status.specialDevice == 0:
                layers[layer].removed += 1
                drop(below)
                hide(below: below, keepingLayer: layer)
            case .directory: try walk(try directory.openEntry(name, O_RDONLY | O_DIRECTORY), below, &links)
            default:
                // Several names of one file take its room once.
                let isNew = status.links < 2 || links.insert(status.inode).inserted
                let size = status.kind == .regular && isNew ? status.size : 0
                if visible[below] == nil { layers[layer].added += 1 } else { layers[layer].changed += 1 }
                drop(below)
                visible[below] = (size, layer)
                layers[layer].size += size
            }
        }
    }

    private mutating func drop(_ path: String) {
        guard let old = visible.removeValue(forKey: path) else { return }
        layers[old.layer].wasted += old.size
        if old.size > 0 { waste.append((path, old.size)) }
    }

    private mutating func hide(below path: String, keepingLayer layer: Int) {
        for (name, entry) in visible where entry.layer != layer && name.hasPrefix(path + "/") { drop(name) }
    }

    /// The directory hides everything that lower layers have in it. Source: kernel, overlayfs, opaque directories.
    private static func isOpaque(_ directory: OwnedDescriptor) -> Bool {
        var value = [UInt8](repeating: 0, count: 4)
        let names: [String] = ["trusted.overlay.opaque", "user.overlay.opaque"]
        return names.contains {
            fgetxattr(directory.raw, $0, &value, value.count) == 1 && value[0] == UInt8(ascii: "y")
        }
    }
}
