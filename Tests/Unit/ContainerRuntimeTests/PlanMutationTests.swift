import ContainerRuntime
import Essentials
import LinuxSystem
import OCI
import ShimProtocol
import Testing

/// Random changes with a fixed beginning: what the daemon writes and what the shim reads can be refused, never misread.
struct PlanMutationTests {
    private static func specification() throws -> RuntimeSpecification {
        var options = SandboxOptions()
        options.arguments = ["true", "x"]
        options.environment = ["A=b"]
        options.seccomp = .unconfined
        options.hostname = "h"
        options.binds = [SandboxOptions.Bind(source: "/tmp", destination: "/d")]
        return try DefaultSpecification.make(options)
    }

    private func plan(_ specification: RuntimeSpecification) throws -> Plan {
        let layout = CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        return try ContainerPlanner(
            request: ContainerStart(id: "c", specification: specification, root: .directory("/r")), stateDirectory: "/run/c",
            cgroups: layout, cgroupPath: "/g", outOfMemoryFile: nil, availableCapabilities: 0
        ).plan()
    }

    /// Every plan of a specification, however odd, is read by the shim's decoder as it was written.
    @Test func plansOfOddSpecifications() throws {
        var random = Numbers(seed: 7)
        let original = try Self.specification()
        let odd = [
            "", "/", "x", "..", "/proc/../x", "a\u{0}b", String(repeating: "y", count: 70000), "ü\u{202E}", "-1", "tmpcopyup",
            "idmap",
        ]
        var made = 0
        for _ in 0..<1500 {
            var specification = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                Self.change(&specification, odd.randomElement(using: &random)!, &random)
            }
            do {
                let plan = try plan(specification)
                #expect(PlanCoding.decode(PlanCoding.encode(plan.steps)) == plan.steps)
                made += 1
            } catch is GantryError {
                continue
            } catch is SystemError { continue }
        }
        #expect(made > 100)
    }

    private static func change(_ specification: inout RuntimeSpecification, _ text: String, _ random: inout Numbers) {
        let number = UInt32.random(in: 0...UInt32.max, using: &random)
        switch Int.random(in: 0..<14, using: &random) {
        case 0: specification.process?.args = [text, text]
        case 1: specification.process?.env = [text]
        case 2: specification.process?.cwd = text
        case 3: specification.process?.user = .init(uid: number, gid: number, umask: number, additionalGids: [number])
        case 4: specification.hostname = text
        case 5: specification.mounts?.append(.init(destination: text, type: "tmpfs", source: text, options: [text]))
        case 6: specification.mounts?.append(.init(destination: "/q", type: "bind", source: text, options: ["rbind", text]))
        case 7: specification.linux?.maskedPaths = [text]
        case 8: specification.linux?.devices = [.init(path: text, type: "c", major: Int64(number), minor: -Int64(number))]
        case 9: specification.linux?.sysctl = [text: text]
        case 10: specification.linux?.rootfsPropagation = text
        case 11: specification.process?.rlimits = [.init(type: "RLIMIT_CPU", hard: UInt64(number), soft: 5)]
        case 12: specification.linux?.namespaces = [.init(.pid), .init(.user)]
        default: specification.process?.capabilities = .init(bounding: [text], ambient: ["CAP_KILL"])
        }
    }

    /// The decoder takes exactly the bytes of some plan or nothing, whatever they are: 20000 changes.
    @Test func changedPlansAreWholeOrRefused() throws {
        var random = Numbers(seed: 99)
        let original = PlanCoding.encode(try plan(Self.specification()).steps)
        var accepted = 0
        for _ in 0..<20000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...16, using: &random)))
                default: bytes.insert(contentsOf: (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }, at: at)
                }
            }
            guard let steps = PlanCoding.decode(bytes) else { continue }
            accepted += 1
            #expect(PlanCoding.encode(steps) == bytes)
        }
        #expect(accepted > 100)
    }

    @Test func framesAndReportsOfAnyBytes() {
        var random = Numbers(seed: 3)
        for _ in 0..<20000 {
            let bytes = (0..<Int.random(in: 0...20, using: &random)).map { _ in UInt8.random(in: 0...32, using: &random) }
            if case .frame(let kind, let length) = Frame.header(bytes[...]) {
                #expect(length <= Frame.maximumPayload)
                #expect(Array(Frame.encode(kind, [UInt8](repeating: 0, count: length))[..<8]) == Array(bytes[..<8]))
            }
            if let report = StartReport(bytes) { #expect(report.encode() == bytes) }
        }
    }
}

/// The same numbers in each run (SplitMix64).
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
