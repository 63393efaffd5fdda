import Crypto
import CryptoExtras
import Essentials
import FoundationEssentials

/// A private key that can sign for SSH: Ed25519, ECDSA and RSA.
/// Source: RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8332; RFC 8709.
enum SSHKey: Sendable {
    case ed25519(Curve25519.Signing.PrivateKey)
    case p256(P256.Signing.PrivateKey)
    case p384(P384.Signing.PrivateKey)
    case p521(P521.Signing.PrivateKey)
    /// With the public numbers, which the key itself does not show.
    case rsa(_RSA.Signing.PrivateKey, modulus: [UInt8], exponent: [UInt8])

    /// Which hash an RSA signature has. Source: draft-miller-ssh-agent, section 4.5.1.
    private enum RSAFlag { static let sha256: UInt32 = 2, sha512: UInt32 = 4 }

    private var ellipticName: (key: String, curve: String)? {
        switch self {
        case .p256: ("ecdsa-sha2-nistp256", "nistp256")
        case .p384: ("ecdsa-sha2-nistp384", "nistp384")
        case .p521: ("ecdsa-sha2-nistp521", "nistp521")
        case .ed25519, .rsa: nil
        }
    }

    /// The public key as SSH has it, which names the key.
    var blob: [UInt8] {
        var writer = SSHWriter()
        func elliptic(_ point: Data) {
            writer.text(ellipticName?.key ?? "")
            writer.text(ellipticName?.curve ?? "")
            writer.string(point)
        }
        switch self {
        case .ed25519(let key):
            writer.text("ssh-ed25519")
            writer.string(key.publicKey.rawRepresentation)
        case .p256(let key): elliptic(key.publicKey.x963Representation)
        case .p384(let key): elliptic(key.publicKey.x963Representation)
        case .p521(let key): elliptic(key.publicKey.x963Representation)
        case .rsa(_, let modulus, let exponent):
            writer.text("ssh-rsa")
            writer.integer(exponent)
            writer.integer(modulus)
        }
        return writer.bytes
    }

    /// - Parameter flags: of the agent's request.
    func signature(of data: [UInt8], flags: UInt32) throws -> [UInt8] {
        var writer = SSHWriter()
        func elliptic(_ pair: Data) {
            var numbers = SSHWriter()
            numbers.integer(pair.prefix(pair.count / 2))
            numbers.integer(pair.suffix(pair.count / 2))
            writer.text(ellipticName?.key ?? "")
            writer.string(numbers.bytes)
        }
        switch self {
        case .ed25519(let key):
            writer.text("ssh-ed25519")
            writer.string(try key.signature(for: data))
        case .p256(let key): elliptic(try key.signature(for: data).rawRepresentation)
        case .p384(let key): elliptic(try key.signature(for: data).rawRepresentation)
        case .p521(let key): elliptic(try key.signature(for: data).rawRepresentation)
        case .rsa(let key, _, _):
            func sign(_ name: String, _ digest: some Digest) throws {
                writer.text(name)
                writer.string(try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
            }
            if flags & RSAFlag.sha512 != 0 {
                try sign("rsa-sha2-512", SHA512.hash(data: data))
            } else if flags & RSAFlag.sha256 != 0 {
                try sign("rsa-sha2-256", SHA256.hash(data: data))
            } else {
                try sign("ssh-rsa", Insecure.SHA1.hash(data: data))
            }
        }
        return writer.bytes
    }
}
