import Crypto
import CryptoExtras
import DockerAPI
import Essentials
import FoundationEssentials

/// A private key in a file: OpenSSH's own format, or PEM of RSA and elliptic curves. Keys with a passphrase are not read.
/// Source: OpenSSH, PROTOCOL.key; RFC 7468.
enum SSHKeyFile {
    private static let magic = Array("openssh-key-v1\0".utf8)

    /// - Parameter path: for messages.
    /// - Throws: `unsupported` for a key with a passphrase or of an unknown kind, `invalid` for what is no key.
    static func key(_ text: String, path: String) throws -> SSHKey {
        if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") { return try openSSH(text, path) }
        guard !text.contains("ENCRYPTED") else { throw encrypted(path) }
        guard text.contains("PRIVATE KEY-----") else {
            throw GantryError.invalid("`\(path)` is neither an ssh agent's socket nor a private key")
        }
        if let key = try? _RSA.Signing.PrivateKey(pemRepresentation: text) {
            let primitives = try key.publicKey.getKeyPrimitives()
            return .rsa(key, modulus: Array(primitives.modulus), exponent: Array(primitives.publicExponent))
        }
        if let key = try? P256.Signing.PrivateKey(pemRepresentation: text) { return .p256(key) }
        if let key = try? P384.Signing.PrivateKey(pemRepresentation: text) { return .p384(key) }
        if let key = try? P521.Signing.PrivateKey(pemRepresentation: text) { return .p521(key) }
        throw GantryError.unsupported(
            "the private key `\(path)` is of a kind that is not known", hint: "load it into an agent: `ssh-add \(path)`")
    }

    private static func encrypted(_ path: String) -> GantryError {
        .unsupported("the private key `\(path)` has a passphrase", hint: "load it into an agent: `ssh-add \(path)`")
    }

    private static func openSSH(_ text: String, _ path: String) throws -> SSHKey {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.hasPrefix("-----") && !$0.isEmpty }
        guard let bytes = Base64.decode(lines.joined()), bytes.starts(with: magic) else {
            throw GantryError.invalid("the private key `\(path)` cannot be read")
        }
        do {
            var reader = SSHReader(bytes.dropFirst(magic.count))
            let cipher = try reader.text()
            _ = try (reader.string(), reader.string())
            guard cipher == "none" else { throw encrypted(path) }
            guard try reader.number() == 1 else { throw GantryError.unsupported("`\(path)` holds several keys") }
            _ = try reader.string()
            var inner = SSHReader(try reader.string())
            guard try inner.number() == inner.number() else { throw GantryError.invalid("the private key `\(path)` is damaged") }
            return try key(&inner, path)
        } catch let error as GantryError { throw error } catch {
            throw GantryError.invalid("the private key `\(path)` cannot be read", cause: error)
        }
    }

    private static func key(_ reader: inout SSHReader, _ path: String) throws -> SSHKey {
        let kind = try reader.text()
        switch kind {
        case "ssh-ed25519":
            _ = try reader.string()
            return .ed25519(try Curve25519.Signing.PrivateKey(rawRepresentation: try reader.string().prefix(32)))
        case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
            _ = try (reader.string(), reader.string())
            let number = try reader.integer()
            func padded(_ size: Int) -> [UInt8] { [UInt8](repeating: 0, count: max(0, size - number.count)) + number }
            switch kind.suffix(3) {
            case "256": return .p256(try P256.Signing.PrivateKey(rawRepresentation: padded(32)))
            case "384": return .p384(try P384.Signing.PrivateKey(rawRepresentation: padded(48)))
            default: return .p521(try P521.Signing.PrivateKey(rawRepresentation: padded(66)))
            }
        case "ssh-rsa":
            let (modulus, exponent, secret) = (try reader.integer(), try reader.integer(), try reader.integer())
            _ = try reader.integer()
            let (p, q) = (try reader.integer(), try reader.integer())
            return .rsa(
                try _RSA.Signing.PrivateKey(n: modulus, e: exponent, d: secret, p: p, q: q), modulus: modulus, exponent: exponent)
        default:
            throw GantryError.unsupported(
                "the private key `\(path)` is of a kind that is not known: \(kind)",
                hint: "load it into an agent: `ssh-add \(path)`")
        }
    }
}
