package import Essentials

/// The address of a git repository with what is wanted of it: `https://host/x.git#ref:directory`, `git@host:x`, or
/// `https://host/x.git?ref=…&subdir=…`. Source: Dockerfile reference, ADD, git repositories.
package struct GitSource: Sendable, Hashable {
    /// What git is given.
    package var address: String
    /// Branch, tag or commit; nil for the remote's HEAD.
    package var reference: String?
    /// Relative, cleaned; nil for all of it.
    package var subdirectory: String?
    /// The beginning of the commit that it must be.
    package var checksum: String?
    package var keepsGitDirectory: Bool?
    package var fetchesSubmodules = true

    /// - Returns: nil when `text` is no address of a repository.
    /// - Throws: `invalid` for a reference or query that must not reach git.
    package init?(_ text: String) throws(GantryError) {
        guard let address = Self.address(text) else { return nil }
        self.address = address
        let afterAddress = text.drop { $0 != "#" && $0 != "?" }
        if afterAddress.first == "#" {
            let parts = afterAddress.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            reference = parts[0].isEmpty ? nil : parts[0]
            subdirectory = parts.count == 2 && !parts[1].isEmpty ? parts[1] : nil
        } else if afterAddress.first == "?" {
            try readQuery(afterAddress.dropFirst().prefix { $0 != "#" })
        }
        try check()
    }

    /// The address without account and password, for keys, histories and messages.
    package var publicAddress: String {
        guard let scheme = address.firstRange(of: "://") else { return address }
        let rest = address[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        guard let at = host.lastIndex(of: "@"), !address.hasPrefix("ssh://") else { return address }
        return String(address[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }

    private static func address(_ text: String) -> String? {
        let bare = String(text.prefix { $0 != "#" && $0 != "?" })
        if bare.hasPrefix("git://") || bare.hasPrefix("ssh://") { return bare }
        if bare.hasPrefix("github.com/") { return "https://" + bare }
        if bare.hasPrefix("http://") || bare.hasPrefix("https://") {
            return bare.hasSuffix(".git") || text.contains(".git#") ? bare : nil
        }
        // `user@host:path`
        guard let at = bare.firstIndex(of: "@"), let colon = bare.firstIndex(of: ":"), at < colon, at != bare.startIndex,
            !bare[..<colon].contains("/")
        else { return nil }
        return bare
    }

    private mutating func readQuery(_ text: Substring) throws(GantryError) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count == 2 ? parts[1] : ""
            switch parts[0] {
            case "ref", "tag", "branch", "commit": reference = value.isEmpty ? nil : value
            case "subdir": subdirectory = value.isEmpty ? nil : value
            case "checksum": checksum = value
            case "submodules": fetchesSubmodules = value != "false" && value != "0"
            case "keep-git-dir": keepsGitDirectory = value != "false" && value != "0"
            default: throw .invalid("unexpected query \"\(parts[0])\" in the address of a git repository")
            }
        }
    }

    /// What is handed to git as an argument can be nothing but what it is.
    private mutating func check() throws(GantryError) {
        guard !address.hasPrefix("-"), address.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw .invalid("invalid address of a git repository")
        }
        if let reference {
            let allowed = reference.utf8.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || "._/+-@#".utf8.contains($0)
            }
            guard allowed, !reference.hasPrefix("-"), !reference.contains("..") else {
                throw .invalid("invalid git reference `\(reference)`")
            }
        }
        if let given = subdirectory {
            let cleaned = CleanPath.clean(given.hasPrefix("/") ? String(given.dropFirst()) : given)
            guard !cleaned.hasPrefix(".."), !cleaned.hasPrefix("/") else {
                throw .invalid("the subdirectory `\(given)` lies outside of the git repository")
            }
            subdirectory = cleaned == "." ? nil : cleaned
        }
        if let checksum, !(1...64).contains(checksum.utf8.count) || !checksum.allSatisfy(\.isHexDigit) {
            throw .invalid("invalid checksum `\(checksum)`: expected the beginning of a commit's id")
        }
    }
}
