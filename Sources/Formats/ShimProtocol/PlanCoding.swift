/// The plan as bytes: magic, version, number of steps, then for each step its operation (2 bytes), how many numbers (2) and
/// strings (4), the numbers (8 each), and the strings, each with its length (4) before it. All little endian.
package enum PlanCoding {
    package static let magic: UInt32 = 0x4E4C_5047  // GPLN
    package static let version: UInt32 = 1

    package static func encode(_ steps: [PlanStep]) -> [UInt8] {
        var bytes: [UInt8] = []
        append(magic, to: &bytes)
        append(version, to: &bytes)
        append(UInt32(steps.count), to: &bytes)
        for step in steps {
            append(step.operation.rawValue, to: &bytes)
            append(UInt16(step.numbers.count), to: &bytes)
            append(UInt32(step.strings.count), to: &bytes)
            for number in step.numbers { append(number, to: &bytes) }
            for string in step.strings {
                append(UInt32(string.count), to: &bytes)
                bytes.append(contentsOf: string)
            }
        }
        return bytes
    }

    /// - Returns: nil unless `bytes` are exactly one plan: every length is checked, nothing may follow.
    package static func decode(_ bytes: [UInt8]) -> [PlanStep]? {
        var reader = ByteReader(bytes)
        guard reader.number(UInt32.self) == magic, reader.number(UInt32.self) == version, let count = reader.number(UInt32.self),
            Int(count) <= bytes.count / 8
        else { return nil }
        var steps: [PlanStep] = []
        for _ in 0..<count {
            guard let raw = reader.number(UInt16.self), let operation = PlanOperation(rawValue: raw),
                let numberCount = reader.number(UInt16.self), let stringCount = reader.number(UInt32.self),
                reader.left >= Int(numberCount) * 8 + Int(stringCount) * 4
            else { return nil }
            var step = PlanStep(operation)
            for _ in 0..<numberCount {
                guard let number = reader.number(UInt64.self) else { return nil }
                step.numbers.append(number)
            }
            for _ in 0..<stringCount {
                guard let length = reader.number(UInt32.self), let string = reader.bytes(Int(length)) else { return nil }
                step.strings.append(string)
            }
            steps.append(step)
        }
        return reader.left == 0 ? steps : nil
    }

    package static func append<Number: FixedWidthInteger>(_ value: Number, to bytes: inout [UInt8]) {
        for index in 0..<(Number.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
}

/// Reads little endian numbers and byte strings, never past the end.
package struct ByteReader {
    private let content: [UInt8]
    private var position = 0

    package init(_ content: [UInt8]) { self.content = content }

    package var left: Int { content.count - position }

    package mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        let width = Number.bitWidth / 8
        guard left >= width else { return nil }
        var value: Number = 0
        for index in 0..<width { value |= Number(truncatingIfNeeded: content[position + index]) << Number(8 * index) }
        position += width
        return value
    }

    package mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, left >= count else { return nil }
        let result = Array(content[position..<position + count])
        position += count
        return result
    }
}
