internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

/// The attributes of one option; what nobody asked about at the end is not offered.
private struct CacheAttributes {
    let flag: String
    let option: BuildCacheOption
    private var rest: [String: String]

    init(_ flag: String, _ option: BuildCacheOption) {
        self.flag = flag
        self.option = option
        rest = option.attributes
    }

    mutating func text(_ name: String) -> String? { rest.removeValue(forKey: name).flatMap { $0.isEmpty ? nil : $0 } }

    mutating func bool(_ name: String) throws -> Bool? {
        guard let text = text(name) else { return nil }
        if let flag = Bool(goText: text) { return flag }
        throw GantryError.invalid("failed to parse \(name): invalid syntax `\(text)`, expected true or false")
    }

    mutating func reference(_ direction: String) throws -> Reference {
        guard let text = text("ref") else { throw GantryError.invalid("registry cache \(direction) requires ref") }
        if try bool("registry.insecure") == true {
            throw GantryError.unsupported(
                "`registry.insecure=true` is not offered", hint: "name the registry in `insecure-registries` of the daemon")
        }
        return try Reference(text).withDefaultTag
    }

    mutating func folder(_ direction: String, _ name: String) throws -> (PassedDescriptor, String) {
        guard let path = text(name) else { throw GantryError.invalid("local cache \(direction) requires \(name)") }
        guard let folder = option.folder else {
            throw GantryError.unsupported("\(flag) type=local needs `gantry build` on the daemon's machine")
        }
        return (PassedDescriptor(folder), path)
    }

    func end() throws {
        guard let unknown = rest.keys.min() else { return }
        throw GantryError.unsupported("the option `\(unknown)` of `\(flag) type=\(option.type)` is not offered")
    }
}

extension BuildCacheOption {
    private static let elsewhere: Set<String> = ["gha", "s3", "azblob"]

    private func unknown(_ role: String) -> GantryError {
        if Self.elsewhere.contains(type) {
            return .unsupported("cache \(role)s of type `\(type)` are not offered", hint: "use `registry` or `local`")
        }
        return .invalid("unknown cache \(role): \"\(type)\"", hint: "`registry`, `local` and for export `inline` are known")
    }

    /// - Throws: for what is missing, unknown or malformed.
    func source() throws -> CacheSource {
        var attributes = CacheAttributes("--cache-from", self)
        let source: CacheSource
        switch type {
        case "": source = .image(try attributes.reference("importer"))
        case "registry": source = .registry(try attributes.reference("importer"))
        case "local":
            let (folder, path) = try attributes.folder("importer", "src")
            let digest = try attributes.text("digest").map { try Digest($0) }
            source = .folder(folder, path: path, digest: digest, tag: attributes.text("tag") ?? "latest")
        default: throw unknown("importer")
        }
        try attributes.end()
        return source
    }

    func target() throws -> CacheTarget {
        var attributes = CacheAttributes("--cache-to", self)
        var target: CacheTarget
        switch type {
        case "inline": target = CacheTarget(.inline)
        case "", "registry":
            let reference = try attributes.reference("exporter")
            guard reference.digest == nil else {
                throw GantryError.invalid("a cache cannot be written under a digest: `\(reference.familiar)`")
            }
            target = CacheTarget(.registry(reference))
        case "local":
            let (folder, path) = try attributes.folder("exporter", "dest")
            let tag = attributes.text("tag") ?? "latest"
            target = CacheTarget(.folder(folder, path: path, tag: tag, resets: try attributes.bool("reset") ?? false))
        default: throw unknown("exporter")
        }
        switch attributes.text("mode") {
        case nil, "min": break
        case "max":
            if type == "inline" {
                throw GantryError.unsupported(
                    "an inline cache holds the layers of the result only: mode=max is not offered", hint: "use `type=registry`")
            }
            target.includesAll = true
        case let mode?: throw GantryError.invalid("unknown cache export mode `\(mode)`: expected min or max")
        }
        if type != "inline" { try Self.readForm(&attributes, &target) }
        target.ignoresErrors = try attributes.bool("ignore-error") ?? false
        try attributes.end()
        return target
    }

    private static func readForm(_ attributes: inout CacheAttributes, _ target: inout CacheTarget) throws {
        target.hasOCITypes = try attributes.bool("oci-mediatypes") ?? true
        target.isImageManifest = try attributes.bool("image-manifest") ?? target.hasOCITypes
        guard target.hasOCITypes || !target.isImageManifest else {
            throw GantryError.invalid(
                "invalid configuration for remote cache, OCI mediatypes are required for image-manifest cache format")
        }
        if let name = attributes.text("compression") {
            guard name != "estargz" else { throw GantryError.unsupported("compression=estargz is not offered") }
            guard let compression = CacheTarget.Compression(rawValue: name) else {
                throw GantryError.invalid("unsupported compression type \(name)")
            }
            target.compression = compression
        }
        if let text = attributes.text("compression-level") {
            guard let level = Int(text) else { throw GantryError.invalid("non-int value \(text) specified for compression-level") }
            guard target.compression == .zstd else {
                throw GantryError.unsupported("compression-level is offered for zstd only: gzip has one level here")
            }
            guard (0...22).contains(level) else { throw GantryError.invalid("compression-level of zstd is 0 to 22, not \(level)") }
            target.level = level == 0 ? nil : level
        }
        target.forcesCompression = try attributes.bool("force-compression") ?? false
    }
}
