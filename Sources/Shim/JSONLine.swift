import CLinux

/// Lines as Docker's `json-file` driver writes them: `{"log":"…","stream":"stdout","time":"…"}`.
enum JSONLine {
    static func append(_ content: ArraySlice<UInt8>, isError: Bool, at nanoseconds: Int64, to output: inout [UInt8]) {
        output += bytes("{\"log\":\"")
        appendEscaped(content, to: &output)
        output += isError ? bytes("\",\"stream\":\"stderr\",\"time\":\"") : bytes("\",\"stream\":\"stdout\",\"time\":\"")
        appendTime(nanoseconds, to: &output)
        output += bytes("\"}\n")
    }

    /// JSON's escapes and those that Go adds for HTML; every byte that is not part of valid UTF-8 becomes `\ufffd`.
    static func appendEscaped(_ content: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var index = content.startIndex
        while index < content.endIndex {
            let byte = content[index]
            if byte < 0x80 {
                appendASCII(byte, to: &output)
                index += 1
                continue
            }
            let length = sequenceLength(content, at: index)
            if length == 0 {
                output += bytes("\\ufffd")
                index += 1
            } else if length == 3, byte == 0xE2, content[index + 1] == 0x80, content[index + 2] & 0xFE == 0xA8 {
                output += content[index + 2] == 0xA8 ? bytes("\\u2028") : bytes("\\u2029")
                index += 3
            } else {
                output += content[index..<index + length]
                index += length
            }
        }
    }

    private static func appendASCII(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case 0x22, 0x5C: output += [0x5C, byte]
        case 0x0A: output += [0x5C, 0x6E]
        case 0x0D: output += [0x5C, 0x72]
        case 0x09: output += [0x5C, 0x74]
        case 0..<0x20, 0x3C, 0x3E, 0x26:
            output += bytes("\\u00")
            for digit in [byte >> 4, byte & 15] { output.append(digit < 10 ? 48 + digit : 87 + digit) }
        default: output.append(byte)
        }
    }

    /// How many bytes the UTF-8 sequence at `index` has, 0 when it is not valid (Unicode 15, table 3-7).
    private static func sequenceLength(_ content: ArraySlice<UInt8>, at index: Int) -> Int {
        let left = content.endIndex - index
        func continues(_ offset: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
            offset < left && content[index + offset] >= low && content[index + offset] <= high
        }
        switch content[index] {
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

    /// RFC 3339 in UTC with nanoseconds, zeros at the end dropped. The calendar is Howard Hinnant's `civil_from_days`.
    static func appendTime(_ nanoseconds: Int64, to output: inout [UInt8]) {
        let seconds = nanoseconds / 1_000_000_000
        let days = seconds / 86400
        let inDay = seconds - days * 86400
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        pad(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4, 45, &output)
        pad(month, 2, 45, &output)
        pad(dayOfYear - (153 * shifted + 2) / 5 + 1, 2, 84, &output)
        pad(inDay / 3600, 2, 58, &output)
        pad(inDay / 60 % 60, 2, 58, &output)
        pad(inDay % 60, 2, 0, &output)
        let fraction = nanoseconds - seconds * 1_000_000_000
        if fraction != 0 {
            output.append(46)
            pad(fraction, 9, 0, &output)
            while output[output.count - 1] == 48 { output.removeLast() }
        }
        output.append(90)
    }

    private static func pad(_ value: Int64, _ width: Int, _ end: UInt8, _ output: inout [UInt8]) {
        let digits = decimal(value)
        for _ in 0..<max(0, width - digits.count) { output.append(48) }
        output += digits
        if end != 0 { output.append(end) }
    }
}
