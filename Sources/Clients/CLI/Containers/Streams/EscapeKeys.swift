import Essentials

/// The keys that leave a terminal without ending its container. Source: docker CLI, `--detach-keys`.
struct EscapeKeys: Sendable, Equatable {
    static let standard = EscapeKeys(bytes: [16, 17])

    private(set) var bytes: [UInt8]
    /// How many of them came in a row so far.
    private var matched = 0

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads `ctrl-p,ctrl-q` or single characters.
    /// - Throws: ``GantryError`` in Docker's words.
    init(_ text: String) throws {
        bytes = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            if key.utf8.count == 1 {
                bytes += key.utf8
            } else if key.hasPrefix("ctrl-"), key.utf8.count == 6, let code = key.utf8.last, let byte = Self.control(code) {
                bytes.append(byte)
            } else {
                throw GantryError.invalid("invalid detach keys (\(text)): Unknown character: '\(key)'")
            }
        }
    }

    private static func control(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - 96
        case UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            letter - 64
        default: nil
        }
    }

    /// What of `input` may be passed on; keys that could begin the sequence are held back until it is clear.
    /// - Returns: nil at the end of the sequence.
    mutating func filter(_ input: [UInt8]) -> [UInt8]? {
        guard !bytes.isEmpty else { return input }
        var output: [UInt8] = []
        for byte in input {
            if byte == bytes[matched] {
                matched += 1
                if matched == bytes.count { return nil }
                continue
            }
            output += bytes[..<matched]
            matched = byte == bytes[0] ? 1 : 0
            if matched == 0 { output.append(byte) } else if bytes.count == 1 { return nil }
        }
        return output
    }
}
