/// A line of a live view: text without control characters, and how it is painted.
struct LiveLine: Equatable, ExpressibleByStringLiteral {
    enum Paint: Equatable { case plain, done, failed, note }

    var text: String
    var paint: Paint

    init(_ text: String, _ paint: Paint = .plain) {
        self.text = text
        self.paint = paint
    }

    init(stringLiteral value: String) { self.init(value) }

    /// The text cut to `width` columns, in colour when asked for.
    func rendered(width: Int, colour: Bool) -> String {
        let cut = Self.clip(text, to: width)
        guard colour, let code = paintCode else { return cut }
        return "\u{1B}[\(code)m\(cut)\u{1B}[0m"
    }

    private var paintCode: Int? {
        switch paint {
        case .plain: nil
        case .done: 34
        case .failed: 31
        case .note: 33
        }
    }

    /// As much of `text` as fits `width` columns; control characters are dropped, a tab counts as one space.
    static func clip(_ text: String, to width: Int) -> String {
        var result = ""
        var used = 0
        for character in text {
            guard let first = character.unicodeScalars.first else { continue }
            if first == "\t" {
                guard used < width else { break }
                result.append(" ")
                used += 1
                continue
            }
            guard first.value >= 32, first.value != 127 else { continue }
            let columns = isWide(first) ? 2 : 1
            guard used + columns <= width else { break }
            result.append(character)
            used += columns
        }
        return result
    }

    /// Columns that `text` takes on a terminal.
    static func columns(_ text: String) -> Int {
        text.reduce(0) { $0 + ($1.unicodeScalars.first.map(isWide) == true ? 2 : 1) }
    }

    /// East Asian wide and emoji ranges (Unicode, EastAsianWidth.txt, coarsely).
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
