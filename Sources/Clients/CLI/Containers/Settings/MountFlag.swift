import DockerAPI
import Essentials

/// `--mount type=…,source=…,target=…`.
enum MountFlag {
    /// Source: docker CLI, `--mount`.
    static func parse(_ text: String) throws -> Mount {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--mount", reason) }
        guard !text.isEmpty else { throw wrong("EOF") }
        var mount = Mount()
        mount.type = "volume"
        var options = Options()
        for field in CommaFields.split(text) {
            let (rawKey, value) = FlagValue.split(field)
            let key = rawKey.lowercased()
            do { try options.take(key, value, field: field, mount: &mount) } catch { throw wrong(error.reason) }
        }
        guard !mount.type.isEmpty else { throw wrong("type is required") }
        guard !mount.target.isEmpty else { throw wrong("target is required") }
        do { try options.finish(&mount) } catch { throw wrong(error.reason) }
        return mount
    }

    struct Wrong: Error { var reason: String }

    /// What belongs to one type of mount only.
    private struct Options {
        var bind: MountBindOptions?
        var volume: MountVolumeOptions?
        var image: MountImageOptions?
        var tmpfs: MountTmpfsOptions?

        mutating func take(_ key: String, _ value: String?, field: String, mount: inout Mount) throws(Wrong) {
            switch key {
            case "readonly", "ro":
                mount.readOnly = try Self.bool(key, value)
                return
            case "volume-nocopy":
                var options = volume ?? MountVolumeOptions()
                options.noCopy = try Self.bool(key, value)
                volume = options
                return
            case "bind-nonrecursive":
                var options = bind ?? MountBindOptions()
                options.nonRecursive = try Self.bool(key, value)
                bind = options
                return
            case "bind-create-src":
                var options = bind ?? MountBindOptions()
                options.createMountpoint = try Self.bool(key, value)
                bind = options
                return
            default: break
            }
            guard let value else { throw Wrong(reason: "invalid field '\(field)' must be a key=value pair") }
            try take(key, value, field, &mount)
        }

        private mutating func take(_ key: String, _ value: String, _ field: String, _ mount: inout Mount) throws(Wrong) {
            switch key {
            case "type": mount.type = value.lowercased()
            case "source", "src": mount.source = value.hasPrefix("./") || value == "." ? VolumeFlag.absolute(value) : value
            case "target", "dst", "destination": mount.target = value
            case "consistency": mount.consistency = value.lowercased()
            case "bind-propagation", "bind-recursive": try takeBind(key, value)
            case "volume-label", "volume-driver", "volume-opt", "volume-subpath": try takeVolume(key, value, field)
            case "image-subpath":
                image = image ?? MountImageOptions()
                image?.subpath = value
            case "tmpfs-size":
                guard let size = ByteSize.parseBinary(value) else { throw Wrong(reason: "invalid value for \(key): \(value)") }
                tmpfs = tmpfs ?? MountTmpfsOptions()
                tmpfs?.sizeBytes = size
            case "tmpfs-mode":
                guard let mode = UInt32(value, radix: 8) else { throw Wrong(reason: "invalid value for \(key): \(value)") }
                tmpfs = tmpfs ?? MountTmpfsOptions()
                tmpfs?.mode = mode
            default: throw Wrong(reason: "unexpected key '\(key)' in '\(field)'")
            }
        }

        private mutating func takeBind(_ key: String, _ value: String) throws(Wrong) {
            var options = bind ?? MountBindOptions()
            switch (key, value) {
            case ("bind-propagation", _): options.propagation = value.lowercased()
            case (_, "enabled"): break
            case (_, "disabled"): options.nonRecursive = true
            case (_, "writable"): options.readOnlyNonRecursive = true
            case (_, "readonly"): options.readOnlyForceRecursive = true
            default:
                throw Wrong(
                    reason: "invalid value for \(key): \(value) (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")")
            }
            bind = options
        }

        private mutating func takeVolume(_ key: String, _ value: String, _ field: String) throws(Wrong) {
            var options = volume ?? MountVolumeOptions()
            var driver = options.driverConfig ?? MountDriverConfig()
            switch key {
            case "volume-label":
                let (name, text) = FlagValue.split(value)
                options.labels[name] = text ?? ""
            case "volume-driver":
                driver.name = value
                options.driverConfig = driver
            case "volume-opt":
                let (name, text) = FlagValue.split(value)
                driver.options[name] = text ?? ""
                options.driverConfig = driver
            default: options.subpath = value
            }
            volume = options
        }

        private static func bool(_ key: String, _ value: String?) throws(Wrong) -> Bool {
            guard let value else { return true }
            guard let flag = Bool(goText: value) else { throw Wrong(reason: "invalid value for \(key): \(value)") }
            return flag
        }

        func finish(_ mount: inout Mount) throws(Wrong) {
            func refuse(_ kind: String, _ present: Bool) throws(Wrong) {
                if present && mount.type != kind {
                    throw Wrong(reason: "cannot mix '\(kind)-*' options with mount type '\(mount.type)'")
                }
            }
            try refuse("volume", volume != nil)
            try refuse("bind", bind != nil)
            try refuse("tmpfs", tmpfs != nil)
            try refuse("image", image != nil)
            if let bind, bind.readOnlyNonRecursive || bind.readOnlyForceRecursive {
                let word = bind.readOnlyNonRecursive ? "writable" : "readonly"
                guard mount.readOnly else {
                    throw Wrong(reason: "option 'bind-recursive=\(word)' requires 'readonly' to be specified in conjunction")
                }
                if bind.readOnlyForceRecursive && bind.propagation != "rprivate" {
                    throw Wrong(
                        reason:
                            "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction")
                }
            }
            mount.volumeOptions = volume
            mount.bindOptions = bind
            mount.imageOptions = image
            mount.tmpfsOptions = tmpfs
        }
    }
}

/// Fields between commas; a field may be quoted, two quotes stand for one. Source: RFC 4180.
enum CommaFields {
    static func split(_ text: String) -> [String] {
        var fields = [""]
        var quoted = false
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "\"" {
                if quoted, rest.first == "\"" {
                    fields[fields.count - 1].append(rest.removeFirst())
                } else {
                    quoted.toggle()
                }
            } else if character == ",", !quoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return fields
    }
}
