package import Essentials

/// The name of an image: `[host[:port]/]path[:tag][@digest]`, normalised as Docker does.
///
/// Source: distribution reference grammar; `docker.io` and `library/` are filled in.
package struct Reference: Sendable, Hashable {
    /// Registry host with optional port: `docker.io`, `localhost:5000`.
    package let domain: String
    /// Repository below the host: `library/python`.
    package let path: String
    package var tag: String?
    package var digest: Digest?

    /// Parses what a user typed; a missing tag stays missing.
    /// - Throws: `invalid` with Docker's words.
    package init(_ text: String) throws(GantryError) {
        let wrong = GantryError.invalid("invalid reference format")
        guard !text.isEmpty else { throw wrong }
        var rest = text[...]
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            do throws(GantryError) { digest = try Digest(String(rest[rest.index(after: at)...])) } catch { throw wrong }
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        var domain = "docker.io"
        if let slash = rest.firstIndex(of: "/") {
            let first = rest[..<slash]
            if first == "localhost" || first.contains(".") || first.contains(":") || first.contains(where: \.isUppercase) {
                domain = first == "index.docker.io" ? "docker.io" : String(first)
                rest = rest[rest.index(after: slash)...]
            }
        }
        if domain == "docker.io", !rest.contains("/") { rest = "library/" + rest }
        let path = String(rest)
        if path.contains(where: \.isUppercase) {
            throw .invalid("invalid reference format: repository name (\(path)) must be lowercase")
        }
        guard Self.isDomain(domain), Self.isPath(path), tag.map(Self.isTag) ?? true else { throw wrong }
        guard domain.utf8.count + 1 + path.utf8.count <= 255 else {
            throw .invalid("invalid reference format: repository name must not be more than 255 characters")
        }
        if digest == nil, text.utf8.count == 64, Identifier.isFull(text) {
            throw .invalid("invalid repository name (\(text)), cannot specify 64-byte hexadecimal strings")
        }
        self.init(domain: domain, path: path, tag: tag, digest: digest)
    }

    package init(domain: String, path: String, tag: String? = nil, digest: Digest? = nil) {
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// This name with the tag `latest` when it has neither tag nor digest.
    package var withDefaultTag: Reference {
        guard tag == nil, digest == nil else { return self }
        var copy = self
        copy.tag = "latest"
        return copy
    }

    /// `docker.io/library/python`: host and path.
    package var repository: String { "\(domain)/\(path)" }

    /// The repository as people write it: `python`, `localhost:5000/app`.
    package var familiarRepository: String {
        guard domain == "docker.io" else { return repository }
        return path.hasPrefix("library/") && !path.dropFirst(8).contains("/") ? String(path.dropFirst(8)) : path
    }

    /// As people write it, with tag and digest: `python:3.11-slim`.
    package var familiar: String { familiarRepository + suffix }

    /// In full: `docker.io/library/python:3.11-slim`.
    package var canonical: String { repository + suffix }

    private var suffix: String { (tag.map { ":" + $0 } ?? "") + (digest.map { "@\($0)" } ?? "") }

    package static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, isWord(first) else { return false }
        return text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isLowerOrDigit(byte) || (byte >= 65 && byte <= 90) || byte == UInt8(ascii: "_")
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) }

    private static func isDomain(_ text: String) -> Bool {
        var host = text[...]
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: end)...]
            guard text[text.index(after: text.startIndex)..<end].allSatisfy({ $0.isHexDigit || $0 == ":" }) else { return false }
            return host.isEmpty || (host.first == ":" && UInt16(host.dropFirst()) != nil)
        }
        if let colon = host.lastIndex(of: ":") {
            guard UInt16(host[host.index(after: colon)...]) != nil else { return false }
            host = host[..<colon]
        }
        return !host.isEmpty
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isLowerOrDigit($0 | 0x20) || $0 == UInt8(ascii: "-") }
            }
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` for each component.
    private static func isPath(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            guard let first = component.utf8.first, let last = component.utf8.last, isLowerOrDigit(first), isLowerOrDigit(last)
            else { return false }
            var separator: [UInt8] = []
            for byte in component.utf8 {
                if isLowerOrDigit(byte) {
                    let allowed =
                        separator.isEmpty || separator == [46] || separator == [95] || separator == [95, 95]
                        || separator.allSatisfy { $0 == 45 }
                    guard allowed else { return false }
                    separator = []
                } else {
                    separator.append(byte)
                }
            }
            return true
        }
    }
}

extension Reference: CustomStringConvertible {
    package var description: String { familiar }
}
