/// Random identifiers as Docker makes them: 32 random bytes in lower-case hexadecimal.
package enum Identifier {
    /// 64 hexadecimal digits from the system's random source, never all digits in the first twelve, so that a short form is
    /// never mistaken for a number.
    package static func random() -> String {
        while true {
            let id = randomHex(bytes: 32)
            if id.utf8.prefix(12).contains(where: { $0 >= UInt8(ascii: "a") }) { return id }
        }
    }

    /// `bytes` random bytes as twice as many lower-case hexadecimal digits.
    package static func randomHex(bytes: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return hex((0..<bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// Lower-case hexadecimal digits of `bytes`.
    package static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The first twelve digits: the form that people read.
    package static func short(_ id: String) -> String {
        let bare = id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]
        return String(bare.prefix(12))
    }

    /// True for exactly 64 lower-case hexadecimal digits: the only text that may name a directory of ours.
    package static func isFull(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
    }
}
