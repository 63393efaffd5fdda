internal import FoundationEssentials

/// Base64 in the two alphabets that the API's headers use.
package enum Base64 {
    /// Standard alphabet with padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }

    /// `-` and `_` in place of `+` and `/`, with padding, as Go's `base64.URLEncoding`.
    package static func encodeURL(_ bytes: [UInt8]) -> String {
        String(
            encode(bytes).map { character in
                switch character {
                case "+": "-"
                case "/": "_"
                default: character
                }
            })
    }

    /// Either alphabet, with or without padding; nil for anything else.
    package static func decode(_ text: String) -> [UInt8]? {
        var standard = ""
        for character in text.trimmingTrailing("=") {
            switch character {
            case "-": standard.append("+")
            case "_": standard.append("/")
            default: standard.append(character)
            }
        }
        while standard.utf8.count % 4 != 0 { standard.append("=") }
        return Data(base64Encoded: standard).map { [UInt8]($0) }
    }
}

extension String {
    fileprivate func trimmingTrailing(_ character: Character) -> Substring {
        var rest = self[...]
        while rest.last == character { rest.removeLast() }
        return rest
    }
}
