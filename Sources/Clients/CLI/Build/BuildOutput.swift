import DockerAPI
import Essentials

/// Where a build's result goes, and in which form. Source: docker buildx build, `--output`.
struct BuildOutput: Equatable {
    enum Kind: Equatable {
        /// Into the daemon's store, and to a registry when `pushes`.
        case image(pushes: Bool)
        /// The file tree into a folder.
        case folder(String)
        /// The file tree as a tar; nil for standard output.
        case tar(String?)
        /// An archive for `load`; nil for standard output.
        case dockerArchive(String?)
        /// An OCI layout, as a tar or as a folder.
        case layout(String?, isTar: Bool)
        /// Only the cache is filled.
        case nothing
    }

    var kind: Kind
    var names: [String] = []
    /// What changes the bytes that leave.
    var form = BuildAdditions.Export()
    /// A folder for each platform; nil where there are several.
    var isSplit: Bool?
    /// Pushed without a tag.
    var byDigest = false
    var rewritesTimes = false

    init(_ kind: Kind) { self.kind = kind }

    /// - Throws: ``UsageError`` in the words of Docker's own tools.
    init(_ text: String) throws {
        guard text.contains("=") else {
            self.init(text == "-" ? .tar(nil) : .folder(text))
            return
        }
        var fields = try OutputFields(text)
        let type = try fields.require("type", "type is required for output")
        let destination = fields.take("dest").flatMap { $0 == "-" ? nil : $0 }
        switch type {
        case "image", "registry": self.init(.image(pushes: try fields.flag("push") ?? false || type == "registry"))
        case "local":
            guard let destination else { throw fields.wrong("dest is required for local output") }
            self.init(.folder(destination))
        case "tar": self.init(.tar(destination))
        case "docker": self.init(destination.map { .dockerArchive($0) } ?? .image(pushes: false))
        case "oci":
            let isTar = try fields.flag("tar") ?? true
            guard isTar || destination != nil else { throw fields.wrong("dest is required for a layout in a folder") }
            self.init(.layout(destination, isTar: isTar))
        case "cacheonly": self.init(.nothing)
        default: throw fields.wrong("unknown output type \"\(type)\"")
        }
        try takeOptions(&fields)
        if let unknown = fields.left {
            throw GantryError.unsupported("the option `\(unknown)` of `--output type=\(type)` is not offered")
        }
        if byDigest, names.isEmpty { throw fields.wrong("name is required to push by digest") }
    }

    private mutating func takeOptions(_ fields: inout OutputFields) throws {
        switch kind {
        case .nothing: return
        case .folder, .tar:
            isSplit = try fields.flag("platform-split")
            if let mode = fields.take("mode"), mode != "copy" {
                throw GantryError.unsupported("the option `mode=\(mode)` of `--output type=local` is not offered")
            }
        case .image, .dockerArchive, .layout:
            names = (fields.take("name") ?? "").split(separator: ",").map(String.init)
            form = try BuildAdditions.Export(&fields)
            if case .image = kind {
                // Images are always unpacked and in the store here.
                for already in ["unpack", "store"] where try fields.flag(already) == false {
                    throw GantryError.unsupported("the option `\(already)=false` of `--output type=image` is not offered")
                }
                byDigest = try fields.flag("push-by-digest") ?? false
                form.danglingNamePrefix = fields.take("dangling-name-prefix")
                form.namesDigest = try fields.flag("name-canonical")
            }
        }
        rewritesTimes = try fields.flag("rewrite-timestamp") ?? false
    }

    /// The image need not be stored for it.
    var needsNoImage: Bool {
        switch kind {
        case .folder, .tar, .nothing: true
        case .image, .dockerArchive, .layout: false
        }
    }

    var pushes: Bool { kind == .image(pushes: true) }

    /// Names that the image gets in the store.
    var storedNames: [String] { byDigest ? [] : names }
}
