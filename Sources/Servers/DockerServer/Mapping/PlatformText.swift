internal import DockerAPI
internal import Essentials
internal import OCI

/// `os[/architecture[/variant]]` as clients write it, or an object of JSON.
enum PlatformText {
    /// - Returns: nil for empty text.
    /// - Throws: `invalid` in Docker's words.
    static func parse(_ text: String) throws -> Platform? {
        guard !text.isEmpty else { return nil }
        if text.hasPrefix("{") { return try object(text) }
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isAllowed) }) else {
            throw GantryError.invalid("\"\(text)\": cannot parse platform specifier: invalid argument")
        }
        if parts.count == 1 {
            let host = Platform.host
            return parts[0] == "linux"
                ? host
                : Platform(os: host.os, architecture: normalized(parts[0]).architecture, variant: normalized(parts[0]).variant)
        }
        let (architecture, variant) = normalized(parts[1])
        return Platform(os: parts[0], architecture: architecture, variant: parts.count == 3 ? parts[2] : variant)
    }

    /// The form that newer parameters have: `{"os":"linux","architecture":"arm64"}`. Source: Engine API 1.48, changes.
    private static func object(_ text: String) throws -> Platform {
        do { return try EngineJSON.decode(Platform.self, from: text.utf8) } catch {
            throw GantryError.invalid("invalid platform: `\(text)`", cause: error)
        }
    }

    private static func normalized(_ architecture: String) -> (architecture: String, variant: String?) {
        switch architecture {
        case "x86_64", "x86-64": ("amd64", nil)
        case "i386", "i486", "i586", "i686": ("386", nil)
        case "aarch64", "arm64": ("arm64", nil)
        case "armhf": ("arm", "v7")
        case "armel": ("arm", "v6")
        default: (architecture, nil)
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
