/// An address as it may be recorded and shown.
enum PublicAddress {
    /// Without account and password of http(s); whatever follows stays.
    static func of(_ address: String) -> String {
        guard let scheme = address.firstRange(of: "://"), address.hasPrefix("http") else { return address }
        let rest = address[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" && $0 != "#" && $0 != "?" }
        guard let at = host.lastIndex(of: "@") else { return address }
        return String(address[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }
}
