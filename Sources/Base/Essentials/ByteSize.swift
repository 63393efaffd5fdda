/// Sizes as people write and read them.
package enum ByteSize {
    /// Parses `512`, `64k`, `6m`, `1.5g`, `2 TB` with binary multiples, also where `i` or `b` follows, as Docker's flags of memory do.
    /// - Returns: bytes, or nil when the text is no size. Source: docker/go-units, RAMInBytes.
    package static func parseBinary(_ text: String) -> Int64? { parse(text, base: 1024) }

    /// As ``parseBinary(_:)``, with multiples of 1000. Source: docker/go-units, FromHumanSize.
    package static func parseDecimal(_ text: String) -> Int64? { parse(text, base: 1000) }

    private static func parse(_ text: String, base: Double) -> Int64? {
        var body = text.lowercased()[...]
        if body.last == "b" { body = body.dropLast() }
        if body.last == "i" { body = body.dropLast() }
        var factor = 1.0
        if let last = body.last, let exponent = Array("kmgtp").firstIndex(of: last) {
            for _ in 0...exponent { factor *= base }
            body = body.dropLast()
        }
        if body.last == " " { body = body.dropLast() }
        guard let first = body.utf8.first, let last = body.utf8.last, first != UInt8(ascii: "."), last != UInt8(ascii: "."),
            body.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 == UInt8(ascii: ".") }), let number = Double(body)
        else { return nil }
        let bytes = number * factor
        return bytes < 9.2e18 ? Int64(bytes) : nil
    }

    /// Decimal units with `digits` significant figures: `0B`, `142MB`, `1.21GB` (docker/go-units, HumanSizeWithPrecision).
    package static func decimal(_ bytes: Int64, digits: Int = 4) -> String {
        render(Double(bytes), base: 1000, units: ["B", "kB", "MB", "GB", "TB", "PB", "EB"], digits: digits)
    }

    /// Binary units with four significant figures: `1.5MiB`, used for memory.
    package static func binary(_ bytes: Int64) -> String {
        render(Double(bytes), base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"], digits: 4)
    }

    private static func render(_ value: Double, base: Double, units: [String], digits: Int) -> String {
        var value = value
        var unit = 0
        while value >= base, unit < units.count - 1 {
            value /= base
            unit += 1
        }
        return significant(value, digits: digits) + units[unit]
    }

    /// C's `%.<digits>g` for values in 0..<1024 (and up to 10^digits without exponent).
    private static func significant(_ value: Double, digits: Int) -> String {
        guard value > 0 else { return "0" }
        var whole = 1
        var power = 10.0
        while value >= power {
            whole += 1
            power *= 10
        }
        let decimals = max(0, digits - whole)
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((value * scale).rounded(.toNearestOrEven))
        let integer = scaled / Int64(scale)
        let rest = scaled % Int64(scale)
        guard rest != 0 else { return String(integer) }
        var fraction = String(rest)
        while fraction.count < decimals { fraction = "0" + fraction }
        while fraction.last == "0" { fraction.removeLast() }
        return "\(integer).\(fraction)"
    }
}
