/// Splits text at blanks outside of quotes; quotes and escapes stay in the words, for expansion to take away.
enum WordSplitter {
    /// The words of `text`; an open quote runs to the end.
    static func words(_ text: String, escape: UInt8) -> [String] {
        split(Array(text.utf8), escape: escape).words.map { ASCII.string($0) }
    }

    /// The words, or nil when a quote is not closed.
    static func closedWords(_ bytes: [UInt8], escape: UInt8) -> [[UInt8]]? {
        let result = split(bytes, escape: escape)
        return result.open ? nil : result.words
    }

    private static func split(_ bytes: [UInt8], escape: UInt8) -> (words: [[UInt8]], open: Bool) {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if quote == nil, ASCII.isBlank(byte) {
                if !word.isEmpty { words.append(word) }
                word = []
                continue
            }
            word.append(byte)
            if byte == escape, quote != ASCII.apostrophe, index < bytes.count {
                word.append(bytes[index])
                index += 1
            } else if let open = quote {
                if byte == open { quote = nil }
            } else if byte == ASCII.quote || byte == ASCII.apostrophe {
                quote = byte
            }
        }
        if !word.isEmpty { words.append(word) }
        return (words, quote != nil)
    }

    /// Takes the words `--name[=value]` off the front; quotes around values go, `--` alone ends them.
    static func takeFlags(_ text: String) -> (flags: [String], rest: String) {
        let bytes = Array(text.utf8)
        var flags: [String] = []
        var index = 0
        while true {
            while index < bytes.count, ASCII.isBlank(bytes[index]) { index += 1 }
            guard index + 1 < bytes.count, bytes[index] == ASCII.dash, bytes[index + 1] == ASCII.dash else { break }
            var word: [UInt8] = []
            var quote: UInt8?
            while index < bytes.count {
                let byte = bytes[index]
                if quote == nil, ASCII.isBlank(byte) { break }
                index += 1
                if byte == quote {
                    quote = nil
                } else if quote == nil, byte == ASCII.quote || byte == ASCII.apostrophe {
                    quote = byte
                } else if byte == ASCII.backslash, index < bytes.count {
                    word.append(bytes[index])
                    index += 1
                } else {
                    word.append(byte)
                }
            }
            if word == [ASCII.dash, ASCII.dash] { break }
            flags.append(ASCII.string(word))
        }
        return (flags, ASCII.string(ASCII.trim(bytes[min(index, bytes.count)...])))
    }
}
