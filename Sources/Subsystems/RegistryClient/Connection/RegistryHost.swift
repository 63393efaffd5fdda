import Essentials
import Glibc

/// Hosts that are this machine.
enum LoopbackHost {
    /// - Parameter host: without port and brackets.
    static func matches(_ host: String) -> Bool {
        if host == "localhost" { return true }
        guard let address = AddressRange.bytes(of: host) else { return false }
        return address.count == 4 ? address[0] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
    }
}

/// A range of IP addresses such as `10.0.0.0/8`.
struct AddressRange: Sendable, Hashable {
    var base: [UInt8]
    var prefixLength: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = Self.bytes(of: String(parts[0])), let length = Int(parts[1]),
            (0...base.count * 8).contains(length)
        else { return nil }
        self.base = base
        prefixLength = length
    }

    func contains(_ host: String) -> Bool {
        guard let address = Self.bytes(of: host), address.count == base.count else { return false }
        return (0..<prefixLength).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return address[bit / 8] & mask == base[bit / 8] & mask
        }
    }

    /// Four or sixteen bytes of an address in text; nil for anything else.
    static func bytes(of text: String) -> [UInt8]? {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        return withUnsafeBytes(of: v6) { Array($0) }
    }
}

/// A registry as it is named (`localhost:5000`, `docker.io`) and the addresses under which it may answer.
struct RegistryHost: Sendable, Hashable {
    /// As in references, and as the folder with its certificates.
    var name: String
    /// Base addresses without a slash at the end, tried in this order while nothing answers.
    var bases: [String]
    /// Plain HTTP and untrusted certificates are accepted.
    var isInsecure: Bool

    /// Host without port and brackets.
    static func hostname(of name: String) -> String {
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") { return String(name[name.index(after: name.startIndex)..<end]) }
        guard let colon = name.lastIndex(of: ":") else { return name }
        return String(name[..<colon])
    }
}

extension RegistryConfiguration {
    /// Where a registry of a reference's domain is.
    func host(named domain: String) -> RegistryHost {
        let name = ["docker.io", "index.docker.io"].contains(domain) ? "registry-1.docker.io" : domain
        let insecure = isInsecure(name)
        return RegistryHost(
            name: domain, bases: insecure ? ["https://\(name)", "http://\(name)"] : ["https://\(name)"], isInsecure: insecure)
    }

    /// A mirror; `http://` is meant as it is written.
    func mirror(_ text: String) -> RegistryHost? {
        var base = text[...]
        while base.last == "/" { base = base.dropLast() }
        guard let separator = base.firstRange(of: "://") else { return base.isEmpty ? nil : host(named: String(base)) }
        let name = String(base[separator.upperBound...].prefix { $0 != "/" })
        let scheme = base[..<separator.lowerBound].lowercased()
        guard !name.isEmpty, ["http", "https"].contains(scheme) else { return nil }
        return RegistryHost(name: name, bases: [String(base)], isInsecure: scheme == "http" || isInsecure(name))
    }

    func isInsecure(_ name: String) -> Bool {
        let hostname = RegistryHost.hostname(of: name)
        if LoopbackHost.matches(hostname) { return true }
        return insecureRegistries.contains { entry in
            entry == name || entry == hostname || AddressRange(entry)?.contains(hostname) ?? false
        }
    }
}
