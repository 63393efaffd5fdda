package import Essentials

/// A content digest, `sha256:` and 64 lower-case hexadecimal digits (or sha512 and 128).
///
/// A value of this type is always well formed, so that it may name a file. Source: OCI image-spec, descriptor, Digests.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Throws: `invalid` for anything but the two registered algorithms with the right number of digits.
    package init(_ text: String) throws(GantryError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let length = parts[0] == "sha256" ? 64 : parts[0] == "sha512" ? 128 : nil,
            parts[1].utf8.count == length,
            parts[1].utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) })
        else { throw .invalid("invalid digest `\(text.prefix(160))`: expected `sha256:` and 64 lower-case hexadecimal digits") }
        description = text
    }

    /// From the 32 bytes of a SHA-256 hash.
    package init(sha256 bytes: some Sequence<UInt8>) { description = "sha256:" + Identifier.hex(bytes) }

    package var algorithm: String { String(description.prefix(6)) }
    /// The digits after the colon.
    package var hex: String { String(description.dropFirst(7)) }
    /// The first twelve digits.
    package var short: String { String(hex.prefix(12)) }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
