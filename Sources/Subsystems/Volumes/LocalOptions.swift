internal import Essentials

/// The options of the `local` driver: what mount(8) would be told. Source: Engine API, VolumeCreate, DriverOpts.
enum LocalOptions {
    struct Mount: Equatable {
        var type: String
        var source: String
        var flags: UInt
        var data: String
    }

    static func check(_ options: [String: String], volume: String) throws(GantryError) {
        for key in options.keys.sorted() where !["type", "o", "device", "size"].contains(key) {
            throw .invalid("create \(volume): invalid option: \"\(key)\"")
        }
        if options["size"] != nil {
            throw .unsupported(
                "create \(volume): quota size requested but no quota support", hint: "use type=tmpfs with o=size=… for a limit")
        }
        if options["type"] != nil || options["o"] != nil, options["device"]?.isEmpty ?? true {
            throw .invalid("create \(volume): missing device in volume options")
        }
        if options["device"] != nil, options["type"]?.isEmpty ?? true, options["o"]?.isEmpty ?? true {
            throw .invalid("create \(volume): missing type in volume options")
        }
        _ = try mount(options, volume: volume)
    }

    /// mount(2)'s flags by mount(8)'s words; a word that is no flag is data of the file system.
    private static let flags: [String: UInt] = [
        "ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "dirsync": 128, "noatime": 1024, "nodiratime": 2048,
        "bind": 4096,
        "rbind": 4096 | 16384, "relatime": 1 << 21, "strictatime": 1 << 24,
    ]
    private static let ignored: Set<String> = ["rw", "suid", "dev", "exec", "async", "atime", "defaults", "none"]

    /// What to mount, or nil for a plain directory.
    static func mount(_ options: [String: String], volume: String) throws(GantryError) -> Mount? {
        guard let device = options["device"], !device.isEmpty else { return nil }
        var mount = Mount(type: options["type"] ?? "", source: device, flags: 0, data: "")
        var data: [String] = []
        for word in (options["o"] ?? "").split(separator: ",").map(String.init) {
            if let flag = flags[word] { mount.flags |= flag } else if !ignored.contains(word) { data.append(word) }
        }
        if mount.type == "none" || mount.type == "bind" {
            mount.type = ""
            mount.flags |= 4096
        }
        if mount.flags & 4096 != 0, !device.hasPrefix("/") {
            throw .invalid("volume `\(volume)`: device `\(device)` is not an absolute path")
        }
        if mount.type.hasPrefix("nfs"), let address = data.first(where: { $0.hasPrefix("addr=") }) {
            // The kernel wants the address in the data and the export in the source (nfs(5)).
            if mount.source.hasPrefix(":") { mount.source = address.dropFirst(5) + mount.source }
        }
        mount.data = data.joined(separator: ",")
        return mount
    }
}
