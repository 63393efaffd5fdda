import OCI

/// Names of packages and images across registries. Source: package-url specification.
enum PackageURL {
    /// `pkg:docker/busybox@latest?platform=linux%2Famd64`
    static func image(_ reference: Reference, platform: Platform) -> String {
        var text =
            "pkg:docker/\(reference.familiarRepository.split(separator: "/").map { encode(String($0)) }.joined(separator: "/"))"
        if let tag = reference.withDefaultTag.tag { text += "@\(encode(tag))" }
        var qualifiers = ["platform=\(encode(platform.text))"]
        if let digest = reference.digest { qualifiers.insert("digest=\(encode(digest.description, keeping: ":"))", at: 0) }
        return text + "?" + qualifiers.joined(separator: "&")
    }

    /// - Parameter space: the vendor, or an npm scope; empty for none.
    static func package(
        _ type: String, space: String = "", name: String, version: String, qualifiers: [(String, String)] = []
    ) -> String {
        var text = "pkg:\(type)/" + (space.isEmpty ? "" : encode(space) + "/") + encode(name)
        if !version.isEmpty { text += "@" + encode(version) }
        let known = qualifiers.filter { !$0.1.isEmpty }.map { "\($0.0)=\(encode($0.1))" }
        return text + (known.isEmpty ? "" : "?" + known.joined(separator: "&"))
    }

    private static func encode(_ text: String, keeping kept: String = "") -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8).union(kept.utf8)
        return text.utf8.map { byte in
            guard !plain.contains(byte) else { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.utf8.count == 1 ? "0" + digits : digits)
        }.joined()
    }
}
