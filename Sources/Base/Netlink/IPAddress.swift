/// An IPv4 or IPv6 address as a number, so that ranges and subnets are arithmetic.
package struct IPAddress: Sendable, Hashable, Comparable {
    package enum Family: UInt8, Sendable {
        case v4 = 2
        case v6 = 10
    }

    package var family: Family
    /// In host order: 10.0.0.1 is 0x0a000001.
    package var value: UInt128

    package init(family: Family, value: UInt128) {
        self.family = family
        self.value = value
    }

    /// From four or sixteen bytes in network order; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: family = .v4
        case 16: family = .v6
        default: return nil
        }
        value = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// 32 or 128.
    package var bitWidth: Int { family == .v4 ? 32 : 128 }

    /// In network order.
    package var bytes: [UInt8] {
        stride(from: bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
    }

    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.value < right.value : left.family == .v4
    }

    package var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }
    /// 0.0.0.0 or ::.
    package var isWildcard: Bool { value == 0 }
    /// fe80::/10.
    package var isLinkLocalV6: Bool { family == .v6 && value >> 118 == 0x3fa }
}

extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
    /// Strict text: dotted decimal without leading zeros, or IPv6 with at most one `::`; no zone.
    package init?(_ text: String) {
        if text.contains(":") {
            guard let value = Self.parseV6(text[...]) else { return nil }
            self.init(family: .v6, value: value)
        } else {
            guard let value = Self.parseV4(text[...]) else { return nil }
            self.init(family: .v4, value: UInt128(value))
        }
    }

    private static func parseV4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != 48, let byte = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var result: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains("."), index == parts.count - 1 {
                guard let v4 = parseV4(part) else { return nil }
                result += [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.first != UInt8(ascii: "+"), let group = UInt16(part, radix: 16)
            else { return nil }
            result.append(group)
        }
        return result
    }

    private static func parseV6(_ text: Substring) -> UInt128? {
        let all: [UInt16]
        if let gap = text.firstDoubleColon {
            guard let head = groups(text[..<gap]), let tail = groups(text[text.index(gap, offsetBy: 2)...]),
                head.count + tail.count < 8
            else { return nil }
            all = head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
        } else {
            guard let groups = groups(text), groups.count == 8 else { return nil }
            all = groups
        }
        return all.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// Dotted decimal, or IPv6 as RFC 5952 writes it.
    package var description: String {
        if family == .v4 { return bytes.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: value >> UInt128($0)) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count, end - start > 1 { best = start..<end }
            start = max(end, start + 1)
        }
        func hex(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        if best.isEmpty { return hex(groups[...]) }
        return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    }
}

extension Substring {
    fileprivate var firstDoubleColon: Index? {
        var at = startIndex
        while at < endIndex {
            let next = index(after: at)
            if self[at] == ":", next < endIndex, self[next] == ":" { return at }
            at = next
        }
        return nil
    }
}
