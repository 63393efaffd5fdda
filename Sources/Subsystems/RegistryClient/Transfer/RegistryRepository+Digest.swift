import Crypto
import Essentials
import OCI

extension RegistryRepository {
    /// The digest of `bytes`, by the algorithm of `other` (SHA-256 without one).
    static func digest(of bytes: [UInt8], like other: OCI.Digest?) throws(GantryError) -> OCI.Digest {
        guard other?.algorithm == "sha512" else { return OCI.Digest(sha256: SHA256.hash(data: bytes)) }
        return try OCI.Digest("sha512:" + Identifier.hex(SHA512.hash(data: bytes)))
    }
}
