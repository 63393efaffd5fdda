package import Essentials
package import OCI

/// Device rules as the eBPF program that cgroup v2 wants in place of v1's `devices.allow` and `devices.deny`; pure.
///
/// The rules mean what they mean on v1: they are applied in order, so for each kind of access that a process asks for, the last
/// rule that names the device and the access decides. All that is asked for must be allowed; what no rule names is denied.
///
/// Source: kernel, bpf/instruction-set and uapi/linux/bpf.h (`bpf_cgroup_dev_ctx`); OCI runtime-spec, config-linux, Allowed Device
/// list.
package struct DeviceProgram: Sendable, Equatable {
    /// One instruction as the kernel lays it out: 8 bytes.
    package struct Instruction: Sendable, Equatable {
        package var code: UInt8
        /// Destination in the low four bits, source in the high four.
        package var registers: UInt8
        /// Of a jump: instructions to skip; of a load: offset in the context.
        package var offset: Int16
        package var immediate: Int32

        var bytes: [UInt8] {
            var result = [code, registers]
            withUnsafeBytes(of: offset.littleEndian) { result += $0 }
            withUnsafeBytes(of: immediate.littleEndian) { result += $0 }
            return result
        }
    }

    package private(set) var instructions: [Instruction] = []

    /// As `bpf(2)` takes it.
    package var bytes: [UInt8] { instructions.flatMap(\.bytes) }

    /// - Throws: `invalid` for an unknown type or access, or a number out of range.
    package init(_ rules: [RuntimeSpecification.DeviceRule]) throws(GantryError) {
        addContext()
        for rule in rules.reversed() {
            guard let match = try Match(rule) else { continue }
            add(match)
            // What comes before a rule for everything can have no say.
            if match.isComplete { return }
        }
        addResult(0)
    }

    /// Registers: 0 the result, 1 the context, 2 what is asked for and not yet decided, 3 type, 4 major, 5 minor.
    private mutating func addContext() {
        // access_type holds the access in its high and the type in its low half.
        append(Code.load, 2, source: 1, offset: 0)
        append(Code.move, 3, source: 2)
        append(Code.andImmediate, 3, immediate: 0xffff)
        append(Code.shiftRightImmediate, 2, immediate: 16)
        append(Code.load, 4, source: 1, offset: 4)
        append(Code.load, 5, source: 1, offset: 8)
    }

    private mutating func add(_ match: Match) {
        var conditions: [(register: UInt8, value: Int32)] = []
        if let type = match.type { conditions.append((3, type)) }
        if let major = match.major { conditions.append((4, major)) }
        if let minor = match.minor { conditions.append((5, minor)) }
        // Denying: refuse if any of the access is asked for. Allowing: strike it off, and grant if nothing is left.
        let body = match.allow ? 4 : 5
        for (index, condition) in conditions.enumerated() {
            append(
                Code.jumpIfNotEqualImmediate32, condition.register, offset: Int16(conditions.count - index - 1 + body),
                immediate: condition.value)
        }
        if match.allow {
            append(Code.andImmediate, 2, immediate: ~match.access)
            append(Code.jumpIfNotEqualImmediate32, 2, offset: 2, immediate: 0)
            addResult(1)
        } else {
            append(Code.move, 0, source: 2)
            append(Code.andImmediate, 0, immediate: match.access)
            append(Code.jumpIfEqualImmediate32, 0, offset: 2, immediate: 0)
            addResult(0)
        }
        // The verifier refuses code that cannot be reached: a rule for everything still has a way past it.
        if match.isComplete { addResult(0) }
    }

    private mutating func addResult(_ value: Int32) {
        append(Code.moveImmediate, 0, immediate: value)
        append(Code.exit, 0)
    }

    private mutating func append(_ code: UInt8, _ register: UInt8, source: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0) {
        instructions.append(Instruction(code: code, registers: source << 4 | register, offset: offset, immediate: immediate))
    }

    enum Code {
        /// Four bytes from memory.
        static let load: UInt8 = 0x61
        static let move: UInt8 = 0xbc
        static let moveImmediate: UInt8 = 0xb4
        static let andImmediate: UInt8 = 0x54
        static let shiftRightImmediate: UInt8 = 0x74
        static let jumpIfEqualImmediate32: UInt8 = 0x16
        static let jumpIfNotEqualImmediate32: UInt8 = 0x56
        static let exit: UInt8 = 0x95
    }
}

extension DeviceProgram {
    /// A rule in the kernel's numbers; nil means any.
    private struct Match {
        var allow: Bool
        var type: Int32?
        var major: Int32?
        var minor: Int32?
        var access: Int32

        /// Names every device and access, so that it leaves nothing undecided.
        var isComplete: Bool { type == nil && major == nil && minor == nil && access == 7 }

        /// nil for a rule without any access.
        init?(_ rule: RuntimeSpecification.DeviceRule) throws(GantryError) {
            allow = rule.allow
            switch rule.type ?? "a" {
            case "", "a": type = nil
            case "b": type = 1
            case "c", "u": type = 2
            default: throw .invalid("invalid device type `\(rule.type ?? "")` in a device rule: expected a, b or c")
            }
            major = try Self.number(rule.major)
            minor = try Self.number(rule.minor)
            access = 0
            for letter in rule.access ?? "" {
                switch letter {
                case "m": access |= 1
                case "r": access |= 2
                case "w": access |= 4
                default: throw .invalid("invalid access `\(rule.access ?? "")` in a device rule: expected letters of rwm")
                }
            }
            // v1 takes a rule for all devices as one for all access, whatever it says.
            if type == nil, major == nil, minor == nil, access == 0 { access = 7 }
            if access == 0 { return nil }
        }

        private static func number(_ value: Int64?) throws(GantryError) -> Int32? {
            guard let value, value >= 0 else { return nil }
            guard value <= Int64(Int32.max) else { throw .invalid("device number \(value) in a device rule is out of range") }
            return Int32(value)
        }
    }
}
