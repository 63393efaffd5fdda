import CLinux

/// Lines as Docker's `json-file` driver writes them: `{"log":"…","stream":"stdout","attrs":{…},"time":"…"}`.
enum JSONLine {
    /// What comes after the text: the same for all lines of one read.
    /// - Parameter attributes: `"attrs":{…},` or nothing.
    static func ending(isError: Bool, attributes: [UInt8], at nanoseconds: Int64) -> [UInt8] {
        var result = isError ? bytes("\",\"stream\":\"stderr\",") : bytes("\",\"stream\":\"stdout\",")
        result += attributes
        result += bytes("\"time\":\"")
        Calendar.appendRFC3339(nanoseconds, to: &result)
        result += bytes("\"}\n")
        return result
    }

    /// - Parameter newline: the line has ended; its newline is not part of `text`.
    static func append(_ text: UnsafeBufferPointer<UInt8>, newline: Bool, ending: UnsafeBufferPointer<UInt8>, to output: Bytes) {
        // No byte becomes more than six.
        output.reserve(16 + 6 * text.count + ending.count)
        output.append("{\"log\":\"")
        appendEscaped(text, to: output)
        if newline { output.append("\\n") }
        output.append(ending)
    }

    /// JSON's escapes and those that Go adds for HTML; every byte that is not part of valid UTF-8 becomes `\ufffd`.
    /// The room is there already.
    private static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to output: Bytes) {
        var index = 0
        while index < text.count {
            let plain = plainBytes(text, from: index)
            if plain > 0 {
                output.end.update(from: text.baseAddress! + index, count: plain)
                output.advance(plain)
                index += plain
                if index == text.count { return }
            }
            let byte = text[index]
            if byte < 0x80 {
                appendSpecial(byte, to: output)
                index += 1
                continue
            }
            let length = UTF8Sequence.length(text, at: index)
            if length == 0 {
                output.append("\\ufffd")
                index += 1
            } else if length == 3, byte == 0xE2, text[index + 1] == 0x80, text[index + 2] & 0xFE == 0xA8 {
                if text[index + 2] == 0xA8 { output.append("\\u2028") } else { output.append("\\u2029") }
                index += 3
            } else {
                output.append(UnsafeBufferPointer(rebasing: text[index..<index + length]))
                index += length
            }
        }
    }

    /// One bit for each of the characters 0 to 63 that are written differently: the controls, `"`, `&`, `<` and `>`.
    private static let special: UInt64 = 0xFFFF_FFFF | 1 << 0x22 | 1 << 0x26 | 1 << 0x3C | 1 << 0x3E

    /// How many bytes from `start` on are written as they are.
    private static func plainBytes(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte < 64 {
                if special >> UInt64(byte) & 1 != 0 { break }
            } else if byte == 0x5C || byte >= 0x80 {
                break
            }
            index += 1
        }
        return index - start
    }

    private static func appendSpecial(_ byte: UInt8, to output: Bytes) {
        switch byte {
        case 0x22: output.append("\\\"")
        case 0x5C: output.append("\\\\")
        case 0x0A: output.append("\\n")
        case 0x0D: output.append("\\r")
        case 0x09: output.append("\\t")
        default:
            output.append("\\u00")
            for digit in [byte >> 4, byte & 15] { output.append(digit < 10 ? 48 + digit : 87 + digit) }
        }
    }
}

enum UTF8Sequence {
    /// How many bytes the sequence at `index` has, 0 when it is not valid (Unicode 15, table 3-7).
    static func length(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        let left = text.count - index
        func continues(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
            offset < left && text[index + offset] >= low && text[index + offset] <= high
        }
        switch text[index] {
        case 0xC2...0xDF: return continues(1) ? 2 : 0
        case 0xE0: return continues(1, 0xA0) && continues(2) ? 3 : 0
        case 0xED: return continues(1, 0x80, 0x9F) && continues(2) ? 3 : 0
        case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
        case 0xF0: return continues(1, 0x90) && continues(2) && continues(3) ? 4 : 0
        case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
        case 0xF4: return continues(1, 0x80, 0x8F) && continues(2) && continues(3) ? 4 : 0
        default: return 0
        }
    }
}
