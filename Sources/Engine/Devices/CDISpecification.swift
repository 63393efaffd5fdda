import OCI

/// A file that says what a container needs for a kind of device. Source: Container Device Interface, SPEC.md 0.8.
struct CDISpecification: Decodable, Sendable {
    struct Device: Decodable, Sendable {
        var name: String
        var containerEdits: CDIEdits
    }

    var cdiVersion: String
    /// `vendor.com/class`.
    var kind: String
    var devices: [Device]
    /// For every device of the file.
    var containerEdits: CDIEdits?
}

struct CDIEdits: Decodable, Sendable {
    struct DeviceNode: Decodable, Sendable {
        var path: String
        var hostPath: String?
        var permissions: String?
    }

    struct Mount: Decodable, Sendable {
        var hostPath: String
        var containerPath: String
        var options: [String]?
    }

    /// A hook of the runtime specification with the name of its moment beside it.
    struct Hook: Decodable, Sendable {
        var hookName: String
        var entry: RuntimeSpecification.Hook

        private enum CodingKeys: String, CodingKey { case hookName }

        init(from decoder: any Decoder) throws {
            hookName = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .hookName)
            entry = try RuntimeSpecification.Hook(from: decoder)
        }
    }

    var env: [String]?
    var deviceNodes: [DeviceNode]?
    var mounts: [Mount]?
    var hooks: [Hook]?
    var additionalGids: [UInt32]?
}

/// `vendor.com/class=name`.
struct CDIName: Hashable, Sendable, CustomStringConvertible {
    var kind: String
    var device: String

    init(kind: String, device: String) {
        self.kind = kind
        self.device = device
    }

    /// nil when it is no qualified name.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), let slash = text[..<equals].firstIndex(of: "/") else { return nil }
        let vendor = text[..<slash]
        let kind = text[text.index(after: slash)..<equals]
        let device = text[text.index(after: equals)...]
        func plain(_ part: Substring, _ extra: String) -> Bool {
            guard let first = part.utf8.first, let last = part.utf8.last else { return false }
            func letter(_ byte: UInt8) -> Bool { byte | 32 >= 97 && byte | 32 <= 122 || byte >= 48 && byte <= 57 }
            return letter(first) && letter(last) && part.utf8.allSatisfy { letter($0) || extra.utf8.contains($0) }
        }
        guard plain(vendor, "_-."), plain(kind, "_-"), plain(device, "_-.:") else { return nil }
        self.init(kind: String(text[..<equals]), device: String(device))
    }

    var description: String { "\(kind)=\(device)" }
}
