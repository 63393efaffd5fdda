/// `print` and `printf` of templates. Source: Go, fmt.
enum TemplatePrinting {
    /// Spaces stand between values of which neither is a text.
    static func print(_ values: [Value]) -> String {
        var result = ""
        for (index, value) in values.enumerated() {
            if index > 0, value.string == nil, values[index - 1].string == nil { result += " " }
            result += value.printed
        }
        return result
    }

    /// `%s %v %d %q %x %t %f %e %c %U %%` with flags, width and precision.
    static func format(_ format: String, _ values: [Value]) -> String {
        var result = ""
        var rest = format[...]
        var values = values[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            var verb = Verb()
            verb.read(&rest)
            guard let letter = rest.popFirst() else { return result + "%!(NOVERB)" }
            if letter == "%" {
                result += "%"
                continue
            }
            guard let value = values.popFirst() else {
                result += "%!\(letter)(MISSING)"
                continue
            }
            result += verb.pad(verb.render(value, letter))
        }
        if !values.isEmpty {
            let left = values.map { "\(TemplateFunctions.typeName($0))=\($0.printed)" }.joined(separator: ", ")
            result += "%!(EXTRA \(left))"
        }
        return result
    }

    private struct Verb {
        var left = false
        var zero = false
        var plus = false
        var width = 0
        var precision: Int?

        mutating func read(_ rest: inout Substring) {
            while let flag = rest.first, "-0+ #".contains(flag) {
                left = left || flag == "-"
                zero = zero || flag == "0"
                plus = plus || flag == "+"
                rest.removeFirst()
            }
            width = Self.number(&rest) ?? 0
            if rest.first == "." {
                rest.removeFirst()
                precision = Self.number(&rest) ?? 0
            }
        }

        private static func number(_ rest: inout Substring) -> Int? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            return Int(digits).map { min($0, 4096) }
        }

        func render(_ value: Value, _ letter: Character) -> String {
            switch (letter, value) {
            case ("s", _), ("v", _): return precision.map { String(value.printed.prefix($0)) } ?? value.printed
            case ("q", .string(let text)):
                var quoted = ""
                Value.quote(text, into: &quoted)
                return quoted
            case ("d", .integer(let number)): return (plus && number >= 0 ? "+" : "") + String(number)
            case ("x", .integer(let number)): return String(number, radix: 16)
            case ("X", .integer(let number)): return String(number, radix: 16).uppercased()
            case ("o", .integer(let number)): return String(number, radix: 8)
            case ("b", .integer(let number)): return String(number, radix: 2)
            case ("c", .integer(let number)):
                return Unicode.Scalar(UInt32(clamping: number)).map { String(Character($0)) } ?? "\u{FFFD}"
            case ("x", .string(let text)): return text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            case ("t", .bool(let flag)): return String(flag)
            case ("f", .integer(let number)): return Self.fixed(Double(number), precision ?? 6)
            case ("f", .number(let text)): return Self.fixed(Double(text) ?? 0, precision ?? 6)
            default: return "%!\(letter)(\(TemplateFunctions.typeName(value))=\(value.printed))"
            }
        }

        private static func fixed(_ value: Double, _ digits: Int) -> String {
            let digits = min(digits, 15)
            var scale = 1.0
            for _ in 0..<digits { scale *= 10 }
            let scaled = (value.magnitude * scale).rounded()
            guard scaled < 9e18 else { return String(value) }
            let whole = Int64(scaled)
            let sign = value < 0 ? "-" : ""
            guard digits > 0 else { return sign + String(whole) }
            let fraction = String(whole % Int64(scale))
            return "\(sign)\(whole / Int64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
        }

        func pad(_ text: String) -> String {
            let missing = width - text.count
            guard missing > 0 else { return text }
            if left { return text + String(repeating: " ", count: missing) }
            return String(repeating: zero ? "0" : " ", count: missing) + text
        }
    }
}
