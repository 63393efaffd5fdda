import Essentials

/// Where a build's result goes. Source: docker buildx build, `--output`.
enum BuildOutput: Equatable {
    /// Into the daemon's store, and to a registry when `pushes`.
    case image(names: [String], pushes: Bool)
    /// The file tree into a folder.
    case folder(String)
    /// The file tree as a tar; nil for standard output.
    case tar(String?)
    /// An archive for `load`; nil for standard output, or the store when `loads`.
    case dockerArchive(String?)
    /// An OCI layout, as a tar or as a folder.
    case layout(String?, isTar: Bool)
    /// Only the cache is filled.
    case nothing

    /// - Throws: ``UsageError`` in the words of Docker's own tools.
    init(_ text: String) throws {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "-o, --output", reason) }
        guard text.contains("=") else {
            self = text == "-" ? .tar(nil) : .folder(text)
            return
        }
        var fields: [String: String] = [:]
        for part in text.split(separator: ",") {
            let (key, value) = FlagValue.split(String(part))
            guard let value else { throw wrong("invalid value \(part)") }
            // Names may be several: `name=a,name=b`.
            fields[key.lowercased()] = key == "name" ? [fields["name"], value].compactMap { $0 }.joined(separator: ",") : value
        }
        guard let type = fields.removeValue(forKey: "type") else { throw wrong("type is required for output") }
        let destination = fields.removeValue(forKey: "dest").flatMap { $0 == "-" ? nil : $0 }
        func flag(_ name: String) -> Bool { fields.removeValue(forKey: name).map { FlagValue.bool($0) ?? false } ?? false }
        switch type {
        case "image", "registry":
            let names = (fields.removeValue(forKey: "name") ?? "").split(separator: ",").map(String.init)
            self = .image(names: names, pushes: flag("push") || type == "registry")
        case "local":
            guard let destination else { throw wrong("dest is required for local output") }
            self = .folder(destination)
        case "tar": self = .tar(destination)
        case "docker": self = destination.map { .dockerArchive($0) } ?? .image(names: [], pushes: false)
        case "oci":
            let isTar = fields.removeValue(forKey: "tar").map { FlagValue.bool($0) ?? true } ?? true
            guard isTar || destination != nil else { throw wrong("dest is required for a layout in a folder") }
            self = .layout(destination, isTar: isTar)
        case "cacheonly": self = .nothing
        default: throw wrong("unknown output type \"\(type)\"")
        }
        if let unknown = fields.keys.min() {
            throw GantryError.unsupported("the option `\(unknown)` of `--output type=\(type)` is not offered")
        }
    }

    /// The image need not be stored for it.
    var needsNoImage: Bool {
        switch self {
        case .folder, .tar, .nothing: true
        case .image, .dockerArchive, .layout: false
        }
    }
}
