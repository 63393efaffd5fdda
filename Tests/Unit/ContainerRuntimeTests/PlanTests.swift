import ContainerRuntime
import Essentials
import OCI
import ShimProtocol
import Testing

struct PlanTests {
    static let sample = [
        PlanStep(.stateDirectory, strings: [Array("/run/x".utf8)]),
        PlanStep(.fork, numbers: [0, .max], strings: [[], [0, 255, 10]]),
        PlanStep(.hold),
    ]

    @Test func roundTrip() { #expect(PlanCoding.decode(PlanCoding.encode(Self.sample)) == Self.sample) }

    @Test func everyTruncationIsRefused() {
        let bytes = PlanCoding.encode(Self.sample)
        for length in 0..<bytes.count { #expect(PlanCoding.decode(Array(bytes[..<length])) == nil) }
        #expect(PlanCoding.decode(bytes + [0]) == nil)
    }

    @Test func noByteChangedIsFatal() {
        let bytes = PlanCoding.encode(Self.sample)
        for index in bytes.indices {
            for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                var changed = bytes
                changed[index] = value
                // Whatever comes of it is a plan or nothing, and what is a plan has the length that was given.
                if let steps = PlanCoding.decode(changed) { #expect(PlanCoding.encode(steps).count == bytes.count) }
            }
        }
    }

    @Test func frames() {
        let frame = Frame.encode(.stdout, [1, 2, 3])
        #expect(Frame.header(frame[...]) == .frame(.stdout, length: 3))
        #expect(Frame.header(frame[..<7]) == .incomplete)
        #expect(Frame.header([99, 0, 0, 0, 0, 0, 0, 0]) == .malformed)
        #expect(Frame.header([17, 0, 0, 0, 1, 0, 1, 0]) == .malformed)
    }

    @Test func reports() {
        let report = StartReport(.failed, processID: 7, step: 3, errno: 2, detail: .notInPath)
        #expect(StartReport(report.encode()) == report)
        #expect(StartReport(Array(report.encode().dropLast())) == nil)
        let exit = ExitReport(code: 137, signal: 9, outOfMemory: true, finishedAt: -5)
        #expect(ExitReport(exit.encode()) == exit)
    }

    private func plan(_ change: (inout SandboxOptions) -> Void = { _ in }) throws -> String {
        var options = SandboxOptions()
        options.arguments = ["true"]
        options.seccomp = .unconfined
        change(&options)
        var specification = try DefaultSpecification.make(options)
        specification.linux?.maskedPaths = ["/proc/kcore"]
        let layout = CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        let request = ContainerStart(
            id: "c", specification: specification, root: .directory("/root/fs"))
        return try ContainerPlanner(
            request: request, stateDirectory: "/run/c", cgroups: layout, cgroupPath: "/gantry/c", outOfMemoryFile: nil,
            availableCapabilities: 0xA804_25FB
        ).plan().text
    }

    @Test func defaultPlan() throws {
        let lines = try plan().split(separator: "\n").map(String.init)
        #expect(lines.first == "stateDirectory \"/run/c\"")
        #expect(lines.contains("rootBind 0x0 0x0 \"/run/c/root\" \"/root/fs\""))
        #expect(lines.contains("mountNew 0xe 0x1 \"proc\" \"/proc\" \"source\" \"proc\""))
        #expect(lines.contains("mountNew 0xf 0x1 \"sysfs\" \"/sys\" \"source\" \"sysfs\""))
        #expect(lines.contains("sysctl \"net/ipv4/ip_unprivileged_port_start\" \"0\""))
        #expect(lines.contains("identity 0x0 0x0 0x12 0xa80425fb"))
        #expect(lines.last == "execute 0x1 \"true\"")
        let order = [
            "fork", "propagation", "rootBind", "mountNew", "device", "sysctl", "mask", "readOnly", "pivotRoot", "pipes",
            "workingDirectory", "identity", "capabilities", "execute",
        ]
        let positions = order.map { name in lines.firstIndex { $0.hasPrefix(name) } ?? -1 }
        #expect(positions == positions.sorted() && !positions.contains(-1), "\(positions)")
    }

    @Test func mountsOverProcAreRefused() {
        for destination in ["/proc", "/proc/sys", "/proc/../proc/self", "/"] {
            #expect(throws: GantryError.self) {
                try plan { $0.binds = [SandboxOptions.Bind(source: "/tmp", destination: destination)] }
            }
        }
        #expect(throws: Never.self) { try plan { $0.binds = [SandboxOptions.Bind(source: "/tmp/x", destination: "/proc/uptime")] } }
    }

    @Test func bindsAreReadOnlyWhenAsked() throws {
        let text = try plan { $0.binds = [SandboxOptions.Bind(source: "/s", destination: "/d", readOnly: true)] }
        #expect(text.contains("bind 0x1 0x1 0x0 0x1 0x44000 \"/s\" \"/d\""))
    }
}
