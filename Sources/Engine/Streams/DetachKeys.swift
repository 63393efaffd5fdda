import Essentials

/// Finds the detach sequence in what a client types.
///
/// Bytes that turn out not to be part of the sequence are passed on. Source: Engine API, ContainerAttach, detachKeys.
struct DetachKeys: Sendable {
    private let sequence: [UInt8]
    private var matched = 0

    /// - Parameter text: comma-separated keys, each a letter or `ctrl-` and one of `a-z@[\]^_`; empty text means no sequence.
    init(_ text: String?) throws(GantryError) {
        let text = text ?? "ctrl-p,ctrl-q"
        var keys: [UInt8] = []
        for key in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = Self.byte(String(key)) else {
                throw .invalid("Invalid detach keys (\(text)) provided")
            }
            keys.append(byte)
        }
        sequence = keys
    }

    private static func byte(_ key: String) -> UInt8? {
        let bytes = Array(key.utf8)
        if bytes.count == 1 { return bytes[0] }
        guard bytes.count == 6, key.lowercased().hasPrefix("ctrl-") else { return nil }
        let letter = bytes[5] | (bytes[5] >= 65 && bytes[5] <= 90 ? 32 : 0)
        switch letter {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return letter - 96
        case UInt8(ascii: "@"): return 0
        case UInt8(ascii: "["): return 27
        case UInt8(ascii: "\\"): return 28
        case UInt8(ascii: "]"): return 29
        case UInt8(ascii: "^"): return 30
        case UInt8(ascii: "_"): return 31
        default: return nil
        }
    }

    /// - Returns: what to pass on, and whether the sequence is complete: nothing after it counts.
    mutating func filter(_ bytes: [UInt8]) -> (passed: [UInt8], detached: Bool) {
        guard !sequence.isEmpty else { return (bytes, false) }
        var passed: [UInt8] = []
        for byte in bytes {
            if byte == sequence[matched] {
                matched += 1
                if matched == sequence.count { return (passed, true) }
                continue
            }
            passed.append(contentsOf: sequence[..<matched])
            matched = 0
            if byte == sequence[0] { matched = 1 } else { passed.append(byte) }
        }
        return (passed, false)
    }
}
