import ContainerRuntime
import Essentials
import OCI
import ShimProtocol
import Testing

/// What a plan says of logs.
struct LogPlanTests {
    private func plan(_ log: LogFile?, _ service: LogService? = nil) throws -> Plan {
        var options = SandboxOptions()
        options.arguments = ["true"]
        options.seccomp = .unconfined
        var start = ContainerStart(
            id: "x", specification: try DefaultSpecification.make(options), root: .directory("/root"), log: log)
        start.logService = service
        let layout = CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        return try ContainerPlanner(
            request: start, stateDirectory: "/run/x", cgroups: layout, cgroupPath: "/gantry/x", outOfMemoryFile: nil,
            availableCapabilities: 0
        ).plan()
    }

    private func lines(_ plan: Plan) -> [Substring] { plan.text.split(separator: "\n").filter { $0.hasPrefix("log") } }

    @Test func files() throws {
        #expect(try lines(plan(nil)) == [])
        #expect(try lines(plan(LogFile(path: "/l"))) == [#"log 0x0 0x1 0x0 0x0 "/l" """#])
        let turned = LogFile(path: "/l", format: .jsonLines, maxSize: 4096, maxFiles: 3, attributes: #"{"a":"b"}"#)
        #expect(try lines(plan(turned)) == [#"log 0x1000 0x3 0x0 0x0 "/l" ""attrs":{"a":"b"},""#])
        var records = LogFile(path: "/l", format: .records, maxSize: 16, maxFiles: 2, attributes: "{}")
        records.dropsAfter = 32
        #expect(try lines(plan(records)) == [#"log 0x10 0x2 0x1 0x20 "/l" "{}""#])
    }

    @Test func services() throws {
        let service = LogService(
            kind: .rfc5424, address: [1, 0, 255], isStream: true, facility: 16, tag: "t", hostName: "h", mayDrop: true,
            bufferSize: 64)
        let plan = try plan(LogFile(path: "/l"), service)
        #expect(lines(plan).last == "logService 0x2 0x80 0x1 0x1 0x40 <3 bytes> <1 bytes> <1 bytes>")
        let step = try #require(plan.steps.first { $0.operation == .logService })
        #expect(step.strings == [[1, 0, 255], Array("t".utf8), Array("h".utf8)])
        #expect(PlanCoding.decode(PlanCoding.encode(plan.steps)) == plan.steps)
    }
}
