import Essentials

/// Turns what a user asked to be mounted into a list with one entry per destination, sorted so that parents come first.
///
/// Pure: volumes are only named here. Source: `cli.md` grammar of `-v`, Engine API HostConfig.Binds, Mounts, Tmpfs.
struct MountPlanner {
    var settings: ContainerSettings
    /// Destinations that the image declares as volumes.
    var imageVolumes: [String]
    /// Mounts of the containers named by `--volumes-from`, with `readOnly` as asked.
    var inherited: [ResolvedMount]
    /// Names an anonymous volume.
    var newVolumeName: () -> String

    /// - Returns: the mounts, and the names of the volumes that were made up here.
    /// - Throws: `invalid` with Docker's words.
    func plan() throws(GantryError) -> (mounts: [ResolvedMount], anonymous: [String]) {
        var byDestination: [String: ResolvedMount] = [:]
        for mount in inherited { byDestination[mount.destination] = mount }
        var explicit: Set<String> = []
        var anonymous: [String] = []

        func add(_ mount: ResolvedMount) throws(GantryError) {
            guard explicit.insert(mount.destination).inserted else {
                throw .invalid("Duplicate mount point: \(mount.destination)")
            }
            var mount = mount
            if mount.kind == .volume, mount.source.isEmpty {
                mount.source = newVolumeName()
                anonymous.append(mount.source)
            }
            byDestination[mount.destination] = mount
        }

        for bind in settings.host.binds { try add(try Self.parseBind(bind, driver: settings.host.volumeDriver)) }
        for request in settings.host.mounts { try add(try Self.resolve(request)) }
        for (destination, options) in settings.host.tmpfs.sorted(by: { $0.key < $1.key }) {
            try add(ResolvedMount(kind: .tmpfs, source: "", destination: try Self.destination(destination), tmpfsOptions: options))
        }
        for path in (Set(imageVolumes).union(settings.volumes)).sorted() {
            let destination = try Self.destination(path)
            guard byDestination[destination] == nil else { continue }
            let name = newVolumeName()
            anonymous.append(name)
            byDestination[destination] = ResolvedMount(kind: .volume, source: name, destination: destination, driver: "local")
        }
        let sorted = byDestination.values.sorted { left, right in
            let depths = (left.destination.split(separator: "/").count, right.destination.split(separator: "/").count)
            return depths.0 == depths.1 ? left.destination < right.destination : depths.0 < depths.1
        }
        return (sorted, anonymous)
    }

    /// `source:destination[:options]`; a source that is no path names a volume.
    static func parseBind(_ text: String, driver: String = "") throws(GantryError) -> ResolvedMount {
        let wrong = GantryError.invalid("invalid volume specification: '\(text)'")
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains(where: \.isEmpty) else { throw wrong }
        if parts.count == 1 {
            return ResolvedMount(
                kind: .volume, source: "", destination: try destination(parts[0], in: text),
                driver: driver.isEmpty ? "local" : driver)
        }
        let isPath = parts[0].hasPrefix("/")
        var mount = ResolvedMount(
            kind: isPath ? .bind : .volume, source: isPath ? clean(parts[0]) : parts[0],
            destination: try destination(parts[1], in: text, kind: isPath ? "bind" : "volume"))
        if !isPath {
            mount.driver = driver.isEmpty ? "local" : driver
            try checkVolumeName(parts[0])
        }
        mount.createSource = isPath
        mount.propagation = isPath ? "rprivate" : ""
        guard parts.count == 3 else { return mount }
        mount.mode = parts[2]
        for option in parts[2].split(separator: ",", omittingEmptySubsequences: false) {
            switch option {
            case "ro", "readonly": mount.readOnly = true
            case "rw": mount.readOnly = false
            case "nocopy": mount.noCopy = true
            case "z", "Z", "consistent", "cached", "delegated", "default": break
            case "private", "rprivate", "shared", "rshared", "slave", "rslave":
                guard isPath else { throw .invalid("invalid mode: \(parts[2])") }
                mount.propagation = String(option)
            default: throw .invalid("invalid mode: \(parts[2])")
            }
        }
        return mount
    }

    static func resolve(_ request: MountRequest) throws(GantryError) -> ResolvedMount {
        guard !request.destination.isEmpty else {
            throw .invalid("invalid mount config for type \"\(request.kind.rawValue)\": field Target must not be empty")
        }
        guard request.destination.hasPrefix("/") else {
            throw .invalid(
                "invalid mount config for type \"\(request.kind.rawValue)\": invalid mount path: '\(request.destination)' mount path must be absolute"
            )
        }
        var mount = ResolvedMount(
            kind: request.kind, source: request.source, destination: try destination(request.destination),
            readOnly: request.readOnly)
        switch request.kind {
        case .bind:
            guard !request.source.isEmpty else {
                throw .invalid("invalid mount config for type \"bind\": field Source must not be empty")
            }
            guard request.source.hasPrefix("/") else {
                throw .invalid(
                    "invalid mount config for type \"bind\": invalid mount path: '\(request.source)' mount path must be absolute")
            }
            mount.source = clean(request.source)
            guard ["", "private", "rprivate", "shared", "rshared", "slave", "rslave"].contains(request.propagation) else {
                throw .invalid("invalid mount config for type \"bind\": invalid propagation mode: \(request.propagation)")
            }
            mount.propagation = request.propagation.isEmpty ? "rprivate" : request.propagation
            mount.nonRecursive = request.nonRecursive
            mount.createSource = request.createSource
        case .volume:
            if !request.source.isEmpty { try checkVolumeName(request.source) }
            mount.driver = request.volumeDriver.isEmpty ? "local" : request.volumeDriver
            mount.noCopy = request.noCopy
            mount.subpath = request.subpath
        case .tmpfs:
            guard request.source.isEmpty else {
                throw .invalid("invalid mount config for type \"tmpfs\": field Source must not be specified")
            }
            var options = [String(request.tmpfsMode == 0 ? "mode=1777" : "mode=" + String(request.tmpfsMode, radix: 8))]
            if request.tmpfsSize > 0 { options.append("size=\(request.tmpfsSize)") }
            mount.tmpfsOptions = options.joined(separator: ",")
        case .image:
            guard !request.source.isEmpty else {
                throw .invalid("invalid mount config for type \"image\": field Source must not be empty")
            }
            mount.readOnly = true
            mount.subpath = request.subpath
        }
        return mount
    }

    /// The cleaned absolute destination of a mount.
    static func destination(
        _ path: String, in specification: String? = nil, kind: String = "volume"
    ) throws(GantryError) -> String {
        let quoted = specification ?? path
        guard path.hasPrefix("/") else {
            throw .invalid(
                "invalid volume specification: '\(quoted)': invalid mount config for type \"\(kind)\": invalid mount path: '\(path)' mount path must be absolute"
            )
        }
        let cleaned = clean(path)
        guard cleaned != "/" else {
            throw .invalid(
                "invalid volume specification: '\(quoted)': invalid mount config for type \"\(kind)\": invalid specification: destination can't be '/'"
            )
        }
        return cleaned
    }

    private static func checkVolumeName(_ name: String) throws(GantryError) {
        let letters = name.utf8
        func plain(_ byte: UInt8) -> Bool { (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122) }
        let valid =
            letters.count >= 2 && plain(letters.first ?? 0) && letters.allSatisfy { plain($0) || $0 == 95 || $0 == 46 || $0 == 45 }
        guard valid else {
            throw .invalid(
                "create \(name): \"\(name)\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
            )
        }
    }

    /// Lexical cleaning as Go's path.Clean for absolute paths.
    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == ".." { parts = parts.dropLast() } else if part != "." { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
