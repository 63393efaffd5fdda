/// A DNS question with the header it came in, and answers to it. Source: RFC 1035 §4, RFC 3596 (AAAA), RFC 6891 (EDNS).
struct DNSMessage: Sendable, Equatable {
    enum RecordType: UInt16, Sendable { case a = 1, ptr = 12, aaaa = 28, any = 255 }
    enum ResponseCode: UInt8, Sendable {
        case noError = 0, formatError = 1, serverFailure = 2, nameError = 3, notImplemented = 4, refused = 5
    }

    struct Question: Sendable, Equatable {
        /// Labels joined by dots, lower case, without the final dot.
        var name: String
        /// As sent, for the echo: resolvers may mix upper and lower case to recognise answers.
        var encodedName: [UInt8]
        var type: UInt16
        var `class`: UInt16
    }

    enum Answer: Sendable, Equatable {
        case address([UInt8])
        case pointer(String)
    }

    /// Seconds that an answer of ours is good for.
    static let timeToLive: UInt32 = 600

    var id: UInt16
    var operation: UInt8
    var recursionDesired: Bool
    var question: Question

    /// Reads a query with exactly one question; nil when it is no such thing.
    init?(query bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= 12, bytes[2] & 0x80 == 0, Self.integer(bytes, 4) == 1 else { return nil }
        id = Self.integer(bytes, 0)
        operation = bytes[2] >> 3 & 15
        recursionDesired = bytes[2] & 1 != 0
        guard let (labels, end) = Self.name(in: bytes, at: 12), end + 4 <= bytes.count else { return nil }
        let text = labels.map { String(decoding: $0, as: UTF8.self).lowercased() }.joined(separator: ".")
        question = Question(
            name: text, encodedName: labels.flatMap { [UInt8($0.count)] + $0 } + [0], type: Self.integer(bytes, end),
            class: Self.integer(bytes, end + 2))
    }

    /// Labels of the name at `offset`, and where it ends. Pointers must lead backwards, so that no input loops.
    static func name(in bytes: [UInt8], at offset: Int) -> (labels: [[UInt8]], end: Int)? {
        var labels: [[UInt8]] = []
        var at = offset
        var end: Int?
        var lowest = offset
        var total = 0
        while at < bytes.count {
            let length = Int(bytes[at])
            if length == 0 { return (labels, end ?? at + 1) }
            if length & 0xc0 == 0xc0 {
                guard at + 1 < bytes.count else { return nil }
                let target = (length & 0x3f) << 8 | Int(bytes[at + 1])
                guard target < lowest, target >= 12 else { return nil }
                end = end ?? at + 2
                lowest = target
                at = target
                continue
            }
            guard length < 64, at + 1 + length <= bytes.count else { return nil }
            total += length + 1
            guard total <= 254 else { return nil }
            labels.append(Array(bytes[at + 1..<at + 1 + length]))
            at += 1 + length
        }
        return nil
    }

    /// A name as labels; nil when a label is empty or too long.
    static func encode(_ name: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for label in name.split(separator: ".", omittingEmptySubsequences: true) {
            guard (1...63).contains(label.utf8.count) else { return nil }
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
        }
        return bytes.count < 255 ? bytes + [0] : nil
    }

    /// The whole answer.
    /// - Parameter limit: bytes that the client can take; answers that do not fit are left out and the message says so.
    func response(_ code: ResponseCode, answers: [Answer] = [], limit: Int = 65535) -> [UInt8] {
        var bytes: [UInt8] = []
        Self.append(id, to: &bytes)
        bytes.append(0x80 | operation << 3 | (recursionDesired ? 1 : 0))
        bytes.append(0x80 | code.rawValue)
        bytes += [0, 1, 0, 0, 0, 0, 0, 0]
        bytes += question.encodedName
        Self.append(question.type, to: &bytes)
        Self.append(question.class, to: &bytes)
        var count: UInt16 = 0
        for answer in answers {
            guard let (type, data) = Self.data(of: answer) else { continue }
            guard bytes.count + 12 + data.count <= limit else {
                bytes[2] |= 2
                break
            }
            bytes += [0xc0, 12]
            Self.append(type.rawValue, to: &bytes)
            Self.append(UInt16(1), to: &bytes)
            Self.append(Self.timeToLive, to: &bytes)
            Self.append(UInt16(data.count), to: &bytes)
            bytes += data
            count += 1
        }
        bytes[6] = UInt8(count >> 8)
        bytes[7] = UInt8(truncatingIfNeeded: count)
        return bytes
    }

    private static func data(of answer: Answer) -> (RecordType, [UInt8])? {
        switch answer {
        case .address(let bytes): (bytes.count == 4 ? .a : .aaaa, bytes)
        case .pointer(let name): encode(name).map { (.ptr, $0) }
        }
    }

    private static func integer(_ bytes: [UInt8], _ at: Int) -> UInt16 { UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]) }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension DNSMessage {
    /// The address that a reverse name asks for (RFC 1035 §3.5, RFC 3596 §2.5), as bytes.
    static func reverseAddress(_ name: String) -> [UInt8]? {
        let labels = name.split(separator: ".")
        if name.hasSuffix(".in-addr.arpa"), labels.count == 6 {
            let bytes = labels.prefix(4).reversed().compactMap { UInt8($0) }
            return bytes.count == 4 ? bytes : nil
        }
        if name.hasSuffix(".ip6.arpa"), labels.count == 34 {
            let digits = labels.prefix(32).reversed().compactMap { $0.count == 1 ? UInt8($0, radix: 16) : nil }
            guard digits.count == 32 else { return nil }
            return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        }
        return nil
    }
}
