import Essentials

/// Extended header records: `<length> <key>=<value>\n`. Source: POSIX pax, pax Extended Header.
struct PaxRecords {
    private var values: [String: [UInt8]] = [:]

    /// - Throws: `invalid` for records whose length does not fit.
    mutating func parse(_ bytes: [UInt8]) throws(GantryError) {
        let wrong = GantryError.invalid("invalid tar header: malformed extended header")
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 32), let length = Self.decimal(rest[rest.startIndex..<space]),
                length > Int64(space - rest.startIndex) + 2, length <= Int64(rest.count)
            else { throw wrong }
            let end = rest.startIndex + Int(length)
            guard rest[end - 1] == 10, let equals = rest[space..<end].firstIndex(of: 61) else { throw wrong }
            let key = String(decoding: rest[(space + 1)..<equals], as: UTF8.self)
            let value = Array(rest[(equals + 1)..<(end - 1)])
            if !key.hasPrefix("SCHILY.xattr."), value.contains(0) { throw wrong }
            values[key] = value
            rest = rest[end...]
        }
    }

    func apply(to entry: inout TarEntry) throws(GantryError) {
        for (key, value) in values {
            switch key {
            case "path": if !value.isEmpty { entry.name = value }
            case "linkpath": entry.linkName = value
            case "size": entry.size = try number(value, key)
            case "uid": entry.userID = try owner(value, key)
            case "gid": entry.groupID = try owner(value, key)
            case "mtime": entry.modifiedAt = try time(value)
            default:
                if key.hasPrefix("GNU.sparse.") { throw .unsupported("sparse file `\(entry.nameText)` in tar archive") }
                if key.hasPrefix("SCHILY.xattr.") { entry.attributes[String(key.dropFirst(13))] = value }
            }
        }
    }

    private func number(_ value: [UInt8], _ key: String) throws(GantryError) -> Int64 {
        guard let number = Self.decimal(value[...]) else { throw .invalid("invalid tar header: `\(key)` is not a number") }
        return number
    }

    private func owner(_ value: [UInt8], _ key: String) throws(GantryError) -> UInt32 {
        guard let id = UInt32(exactly: try number(value, key)) else { throw .invalid("invalid tar header: `\(key)` out of range") }
        return id
    }

    /// Seconds with an optional fraction and sign.
    private func time(_ value: [UInt8]) throws(GantryError) -> Int64 {
        let negative = value.first == 45
        let parts = value.dropFirst(negative ? 1 : 0).split(separator: 46, maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let whole = Self.decimal(first) else {
            throw .invalid("invalid tar header: `mtime` is not a time")
        }
        var nanoseconds = TarReader.seconds(whole)
        if parts.count == 2 {
            var scale: Int64 = 100_000_000
            for digit in parts[1] {
                guard digit >= 48, digit <= 57 else { throw .invalid("invalid tar header: `mtime` is not a time") }
                nanoseconds += Int64(digit - 48) * scale
                scale /= 10
            }
        }
        return negative ? -nanoseconds : nanoseconds
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }

    /// One record with its own length in front.
    static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let bare = key.utf8.count + value.count + 3
        var length = bare + String(bare).utf8.count
        if String(length).utf8.count + bare != length { length = bare + String(length).utf8.count }
        return Array("\(length) \(key)=".utf8) + value + [10]
    }
}
