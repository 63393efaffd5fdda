import ContainerRuntime
import Essentials
import OCI
import Testing

/// The device program is run by a small interpreter and compared with the rules' meaning, for every device and access that a rule
/// tells apart.
struct DeviceProgramTests {
    typealias Rule = RuntimeSpecification.DeviceRule

    /// Executes the few instructions that there are; nil when the program leaves its own text.
    private func run(_ program: DeviceProgram, type: UInt32, access: UInt32, major: UInt32, minor: UInt32) -> UInt32? {
        var registers = [UInt32](repeating: 0xdead_beef, count: 11)
        let context: [Int16: UInt32] = [0: access << 16 | type, 4: major, 8: minor]
        var position = 0
        while position < program.instructions.count {
            let instruction = program.instructions[position]
            let destination = Int(instruction.registers & 15)
            let immediate = UInt32(bitPattern: instruction.immediate)
            position += 1
            switch instruction.code {
            case 0x61: registers[destination] = context[instruction.offset]!
            case 0xbc: registers[destination] = registers[Int(instruction.registers >> 4)]
            case 0xb4: registers[destination] = immediate
            case 0x54: registers[destination] &= immediate
            case 0x74: registers[destination] >>= immediate
            case 0x16: if registers[destination] == immediate { position += Int(instruction.offset) }
            case 0x56: if registers[destination] != immediate { position += Int(instruction.offset) }
            case 0x95: return registers[0]
            default: return nil
            }
        }
        return nil
    }

    /// What the rules say, asked one kind of access at a time.
    private func expected(_ rules: [Rule], type: String, access: UInt32, major: Int64, minor: Int64) -> UInt32 {
        for (bit, letter) in [(1, "m"), (2, "r"), (4, "w")] as [(UInt32, Character)] where access & bit != 0 {
            let last = rules.last {
                (["a", type].contains($0.type ?? "a")) && ($0.major ?? -1 < 0 || $0.major == major)
                    && ($0.minor ?? -1 < 0 || $0.minor == minor) && ($0.access ?? "rwm").contains(letter)
            }
            if last?.allow != true { return 0 }
        }
        return 1
    }

    private static let lists: [[Rule]] = [
        [],
        [Rule(allow: true)],
        [Rule(allow: false)],
        [Rule(allow: false), Rule(allow: true, type: "c", major: 1, minor: 3)],
        [
            Rule(allow: false), Rule(allow: true, type: "c", major: 1, access: "r"),
            Rule(allow: true, type: "c", major: 1, access: "w"),
        ],
        [Rule(allow: true), Rule(allow: false, type: "b", major: 8, access: "w")],
        [Rule(allow: true, type: "c", major: 1, minor: 3), Rule(allow: false, type: "c", major: -1, minor: -1, access: "wm")],
        [Rule(allow: false), Rule(allow: true, type: "b", access: "m"), Rule(allow: false, minor: 3, access: "m")],
        [Rule(allow: true), Rule(allow: false, access: "m")],
    ]

    @Test(arguments: lists) func meansWhatTheRulesMean(_ rules: [Rule]) throws {
        let program = try DeviceProgram(rules)
        for (number, letter) in [(1, "b"), (2, "c")] as [(UInt32, String)] {
            for access in UInt32(1)...7 {
                for major in [1, 8, 136] as [Int64] {
                    for minor in [0, 3] as [Int64] {
                        let answer = run(program, type: number, access: access, major: UInt32(major), minor: UInt32(minor))
                        let wanted = expected(rules, type: letter, access: access, major: major, minor: minor)
                        #expect(answer == wanted, "\(letter) \(major):\(minor), access \(access)")
                    }
                }
            }
        }
    }

    @Test func dockersDefaultsDenyOtherDevices() throws {
        let rules = try #require(try DefaultSpecification.make(SandboxOptions()).linux?.resources?.devices)
        let program = try DeviceProgram(rules)
        #expect(run(program, type: 2, access: 2 | 4, major: 1, minor: 3) == 1, "/dev/null may be read and written")
        #expect(run(program, type: 2, access: 1, major: 1, minor: 1) == 1, "the file of /dev/mem may be made")
        #expect(run(program, type: 2, access: 2, major: 1, minor: 1) == 0, "/dev/mem must not be read")
        #expect(run(program, type: 1, access: 2, major: 8, minor: 0) == 0, "a disk must not be read")
        #expect(run(program, type: 2, access: 2 | 4, major: 10, minor: 229) == 0, "/dev/fuse must not be opened")
    }

    @Test func instructionsAreLaidOutAsTheKernelReadsThem() throws {
        let program = try DeviceProgram([Rule(allow: true)])
        #expect(program.bytes.count == program.instructions.count * 8)
        #expect(Array(program.bytes[..<8]) == [0x61, 0x12, 0, 0, 0, 0, 0, 0])
        #expect(Array(program.bytes.suffix(8)) == [0x95, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func refusesWhatItDoesNotKnow() {
        #expect(throws: GantryError.self) { try DeviceProgram([Rule(allow: true, type: "x")]) }
        #expect(throws: GantryError.self) { try DeviceProgram([Rule(allow: true, type: "c", access: "rx")]) }
        #expect(throws: GantryError.self) { try DeviceProgram([Rule(allow: true, type: "c", major: 1 << 40)]) }
    }
}
