extension Expansion {
    /// `${v#p}`, `${v##p}`, `${v%p}`, `${v%%p}`.
    mutating func stripped(_ value: String, _ modifier: UInt8) throws(Failure) -> [UInt8] {
        var longest = false
        if index < bytes.count, bytes[index] == modifier {
            longest = true
            index += 1
        }
        let pattern = ShellPattern(try patternText(endingAt: [UInt8(ascii: "}")]).text)
        let characters = Array(value)
        if modifier == UInt8(ascii: "#") {
            let lengths = longest ? Array((0...characters.count).reversed()) : Array(0...characters.count)
            for length in lengths where pattern.matches(characters[..<length]) {
                return Array(String(characters[length...]).utf8)
            }
        } else {
            let starts = longest ? Array(0...characters.count) : Array((0...characters.count).reversed())
            for start in starts where pattern.matches(characters[start...]) {
                return Array(String(characters[..<start]).utf8)
            }
        }
        return Array(value.utf8)
    }

    /// `${v/p/r}` and `${v//p/r}`; the longest match at each place counts.
    mutating func replaced(_ value: String) throws(Failure) -> [UInt8] {
        var all = false
        if index < bytes.count, bytes[index] == ASCII.slash {
            all = true
            index += 1
        }
        let (text, end) = try patternText(endingAt: [ASCII.slash, UInt8(ascii: "}")])
        var replacement = ""
        if end == ASCII.slash { replacement = try patternText(endingAt: [UInt8(ascii: "}")], keepsEscapes: false).text }
        let pattern = ShellPattern(text)
        let characters = Array(value)
        var result = ""
        var start = 0
        var done = false
        while start < characters.count {
            let length = done ? nil : pattern.longestMatch(in: characters[start...])
            if let length, length > 0 {
                result += replacement
                start += length
                done = !all
            } else {
                result.append(characters[start])
                start += 1
            }
        }
        return Array(result.utf8)
    }

    /// Pattern text with variables expanded; escapes stay for the pattern unless told otherwise.
    private mutating func patternText(
        endingAt stops: [UInt8], keepsEscapes: Bool = true
    ) throws(Failure) -> (text: String, end: UInt8) {
        var result: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            if stops.contains(byte) {
                index += 1
                return (ASCII.string(result), byte)
            }
            if byte == ASCII.dollar {
                var inner = nested()
                try inner.one()
                result.append(contentsOf: inner.output)
                index = inner.index
            } else if byte == escape, index + 1 < bytes.count {
                if keepsEscapes { result.append(ASCII.backslash) }
                result.append(bytes[index + 1])
                index += 2
            } else if byte == ASCII.quote || byte == ASCII.apostrophe {
                index += 1
            } else {
                result.append(byte)
                index += 1
            }
        }
        throw Failure(message: "syntax error: missing '}'")
    }
}
