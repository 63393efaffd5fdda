import Archive
import CLinux
import Essentials
import Images
import LinuxSystem
import OCI

/// The files of a result as one tar: several platforms in a folder each. Source: docker buildx build, `platform-split`.
struct ResultTree {
    let store: ImageStore
    let result: BuildResult
    let isSplit: Bool

    /// Blocks.
    /// - Throws: `conflict` before anything is written when platforms that share one folder have files of the same name.
    func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        if !isSplit, result.parts.count > 1 { try checkNames() }
        let writer = TarWriter { try sink($0) }
        for part in result.parts {
            let packer = TarPacker(root: try root(of: part), writer: writer)
            let folder = Self.folder(part)
            try packer.pack("/", as: isSplit ? .root(folder) : .contents)
            for attestation in part.attestations {
                let name = isSplit ? "\(folder)/\(attestation.fileName)" : attestation.fileName
                let subject = (name: Self.folder(part), digest: part.chainID ?? ConfigurationDigest.of([]))
                try writer.add(TarEntry(name), content: try attestation.statement(subjects: [subject]))
            }
        }
        try writer.finish()
    }

    private static func folder(_ part: BuildResult.Part) -> String {
        part.platform.text.split(separator: "/").joined(separator: "_")
    }

    private func root(of part: BuildResult.Part) throws -> OwnedDescriptor {
        let names = try store.lowerNames(of: part.chainID)
        return try PrivateMounts.overlay(
            layersDirectory: store.layersDirectory, lower: names.isEmpty ? ["../empty"] : names, upper: nil, work: nil,
            readOnly: true)
    }

    private func checkNames() throws {
        var owners: [[UInt8]: Platform] = [:]
        for part in result.parts {
            var clash: (name: String, owner: Platform)?
            let writer = TarWriter { _ in }
            let packer = TarPacker(root: try root(of: part), writer: writer)
            packer.transform = { entry in
                if let owner = owners[entry.name], entry.kind != .directory { clash = clash ?? (entry.nameText, owner) }
                owners[entry.name] = part.platform
                return entry
            }
            try packer.pack("/", as: .contents)
            if let clash {
                throw GantryError.conflict(
                    "cannot overwrite \(clash.name) from \(clash.owner.text) with \(part.platform.text) when split option is disabled"
                )
            }
        }
    }
}
