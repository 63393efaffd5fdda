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
        let start = output.end
        var place = Bytes.put("{\"log\":\"", at: start)
        if let base = text.baseAddress { place = putEscaped(base, text.count, at: place) }
        if newline { place = Bytes.put("\\n", at: place) }
        if let base = ending.baseAddress { place = Bytes.put(base, ending.count, at: place) }
        output.advance(place - start)
    }

    /// JSON's escapes and those that Go adds for HTML; every byte that is not part of valid UTF-8 becomes `\ufffd`.
    private static func putEscaped(
        _ text: UnsafePointer<UInt8>, _ count: Int, at start: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var place = start
        var index = 0
        while index < count {
            let plain = plainCount(text + index, count - index)
            if plain > 0 {
                place = Bytes.put(text + index, plain, at: place)
                index += plain
                continue
            }
            let byte = text[index]
            if byte < 0x80 {
                place = putSpecial(byte, at: place)
                index += 1
            } else {
                let length = UTF8Sequence.length(text + index, count - index)
                if length == 0 {
                    place = Bytes.put("\\ufffd", at: place)
                    index += 1
                } else if length == 3, byte == 0xE2, text[index + 1] == 0x80, text[index + 2] & 0xFE == 0xA8 {
                    place = text[index + 2] == 0xA8 ? Bytes.put("\\u2028", at: place) : Bytes.put("\\u2029", at: place)
                    index += 3
                } else {
                    place = Bytes.put(text + index, length, at: place)
                    index += length
                }
            }
        }
        return place
    }

    /// One bit for each of the characters 0 to 63 that are written differently: the controls, `"`, `&`, `<` and `>`.
    private static var special: UInt64 { 0xFFFF_FFFF | 1 << 0x22 | 1 << 0x26 | 1 << 0x3C | 1 << 0x3E }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte < 64 ? special >> UInt64(byte) & 1 == 0 : byte != 0x5C && byte < 0x80
    }

    /// How many bytes from the beginning are written as they are.
    private static func plainCount(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var index = 0
        while index + 8 <= count, isPlain(UnsafeRawPointer(text + index).loadUnaligned(as: UInt64.self)) { index += 8 }
        while index < count, isPlain(text[index]) { index += 1 }
        return index
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// For eight bytes at once: a difference to each special byte borrows from the highest bit of a byte that is equal or less
    /// (H. S. Warren, "Hacker's Delight", 2nd edition, 6-1).
    private static func isPlain(_ block: UInt64) -> Bool {
        func equal(_ byte: UInt64) -> UInt64 {
            let difference = block ^ (ones &* byte)
            return (difference &- ones) & ~difference
        }
        let controls = (block &- ones &* 0x20) & ~block
        let quoted = equal(0x22) | equal(0x26) | equal(0x3C) | equal(0x3E) | equal(0x5C)
        return (controls | quoted | block) & (ones &* 0x80) == 0
    }

    private static func putSpecial(_ byte: UInt8, at place: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        switch byte {
        case 0x22: return Bytes.put("\\\"", at: place)
        case 0x5C: return Bytes.put("\\\\", at: place)
        case 0x0A: return Bytes.put("\\n", at: place)
        case 0x0D: return Bytes.put("\\r", at: place)
        case 0x09: return Bytes.put("\\t", at: place)
        default:
            let next = Bytes.put("\\u00", at: place)
            next[0] = digit(byte >> 4)
            next[1] = digit(byte & 15)
            return next + 2
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}

enum UTF8Sequence {
    /// How many bytes the sequence at `text` has, of which `left` may be looked at; 0 when it is not valid (Unicode 15, table 3-7).
    static func length(_ text: UnsafePointer<UInt8>, _ left: Int) -> Int {
        func continues(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
            offset < left && text[offset] >= low && text[offset] <= high
        }
        switch text[0] {
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
