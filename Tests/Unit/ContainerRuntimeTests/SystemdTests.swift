import Essentials
import OCI
import Testing

@testable import ContainerRuntime

/// What is said to systemd, as bytes: the driver itself is tried in the test machine.
struct SystemdTests {
    // MARK: Names

    @Test(arguments: [
        ("system.slice:gantry:abc", "/system.slice/gantry-abc.scope"),
        ("user-1000.slice:docker:x", "/user.slice/user-1000.slice/docker-x.scope"),
        ("a-b-c.slice:p:n", "/a.slice/a-b.slice/a-b-c.slice/p-n.scope"),
        (":p:n", "/system.slice/p-n.scope"), ("-.slice:p:n", "/p-n.scope"), ("system.slice::n", "/system.slice/n.scope"),
    ])
    func scopesLieInTheirSlices(_ text: String, _ path: String) throws {
        let name = try ScopeName(text, id: "id")
        #expect(name.path == path)
        #expect(ScopeName(path: path) == name, "a path leads back to its scope and slice")
    }

    @Test func theDefaultScope() throws {
        #expect(try ScopeName(nil, id: "abc").path == "/system.slice/gantry-abc.scope")
    }

    @Test(arguments: [
        "/a/b", "a:b", "a:b:c", "a.slice:b:", "a--b.slice:p:n", "../x.slice:p:n", ".slice:p:n", "a.slice:p:n:m", "a.slice:..:x/y",
    ])
    func refusesOtherNames(_ text: String) {
        #expect(throws: GantryError.self) { try ScopeName(text, id: "id") }
    }

    // MARK: Messages

    @Test func aCallAsBytes() throws {
        var body = BusWriter()
        body.string("a.scope")
        var call = BusMessage(.call, serial: 1)
        call.path = "/p"
        call.member = "M"
        call.signature = "s"
        call.body = body.bytes
        let expected: [UInt8] =
            [0x6c, 1, 0, 1, 12, 0, 0, 0, 1, 0, 0, 0, 39, 0, 0, 0]
            + [1, 1, 0x6f, 0, 2, 0, 0, 0, 0x2f, 0x70, 0] + [0, 0, 0, 0, 0]
            + [3, 1, 0x73, 0, 1, 0, 0, 0, 0x4d, 0] + [0, 0, 0, 0, 0, 0]
            + [8, 1, 0x67, 0, 1, 0x73, 0] + [0]
            + [7, 0, 0, 0, 0x61, 0x2e, 0x73, 0x63, 0x6f, 0x70, 0x65, 0]
        #expect(call.bytes == expected)
        #expect(try BusMessage(expected) == call)
    }

    @Test func propertiesAreAligned() {
        var writer = BusWriter()
        writer.array(alignment: 8) { writer in
            writer.property(UnitProperty("Delegate", .boolean(true)))
            writer.property(UnitProperty("PIDs", .processes([7])))
            writer.property(UnitProperty("TasksMax", .number(20)))
        }
        let expected: [UInt8] =
            // The array's length does not count the padding before its first element.
            [72, 0, 0, 0, 0, 0, 0, 0]
            + [8, 0, 0, 0] + Array("Delegate".utf8) + [0] + [1, 0x62, 0] + [1, 0, 0, 0] + [0, 0, 0, 0]
            + [4, 0, 0, 0] + Array("PIDs".utf8) + [0] + [2, 0x61, 0x75, 0] + [0, 0, 0] + [4, 0, 0, 0] + [7, 0, 0, 0]
            + [8, 0, 0, 0] + Array("TasksMax".utf8) + [0] + [1, 0x74, 0] + [20, 0, 0, 0, 0, 0, 0, 0]
        #expect(writer.bytes == expected)
    }

    @Test func answersAndErrorsAreRead() throws {
        var body = BusWriter()
        body.string("/org/freedesktop/systemd1/job/1")
        var answer = BusMessage(.answer, serial: 9)
        answer.answersTo = 1
        answer.signature = "o"
        answer.body = body.bytes
        let read = try BusMessage(answer.bytes)
        #expect(read == answer)
        var reader = BusReader(read.body)
        #expect(try reader.string() == "/org/freedesktop/systemd1/job/1")
        #expect(try BusMessage.length(Array(answer.bytes.prefix(16))) == answer.bytes.count)
    }

    @Test func brokenMessagesAreRefused() {
        var answer = BusMessage(.answer, serial: 9)
        answer.member = "Member"
        let bytes = answer.bytes
        for length in 0..<bytes.count {
            #expect(throws: GantryError.self, "cut off at \(length)") { try BusMessage(Array(bytes.prefix(length))) }
        }
        for position in 0..<bytes.count {
            var wrong = bytes
            wrong[position] ^= 0xff
            // Whatever it is taken for, it must not end the process.
            _ = try? BusMessage(wrong)
        }
        var large = bytes
        large[7] = 0xff
        #expect(throws: GantryError.self) { try BusMessage.length(large) }
    }

    // MARK: Properties

    @Test func limitsAsProperties() {
        var resources = RuntimeSpecification.Resources()
        resources.memory = RuntimeSpecification.Memory()
        resources.memory?.limit = 64 << 20
        resources.memory?.swap = 96 << 20
        resources.memory?.reservation = 32 << 20
        resources.cpu = RuntimeSpecification.CPU()
        resources.cpu?.shares = 1024
        resources.cpu?.quota = 150_000
        resources.cpu?.period = 100_000
        resources.cpu?.cpus = "0,2-3,9"
        resources.pids = RuntimeSpecification.PIDs(limit: -1)
        #expect(
            ScopeProperties.limits(resources, isUnified: true) == [
                UnitProperty("MemoryMax", .number(64 << 20)), UnitProperty("MemoryLow", .number(32 << 20)),
                UnitProperty("MemorySwapMax", .number(32 << 20)), UnitProperty("CPUWeight", .number(39)),
                UnitProperty("CPUQuotaPeriodUSec", .number(100_000)), UnitProperty("CPUQuotaPerSecUSec", .number(1_500_000)),
                UnitProperty("AllowedCPUs", .bytes([0b1101, 0b10])), UnitProperty("TasksMax", .number(.max)),
            ])
        #expect(
            ScopeProperties.limits(resources, isUnified: false) == [
                UnitProperty("MemoryLimit", .number(64 << 20)), UnitProperty("CPUShares", .number(1024)),
                UnitProperty("CPUQuotaPeriodUSec", .number(100_000)), UnitProperty("CPUQuotaPerSecUSec", .number(1_500_000)),
                UnitProperty("TasksMax", .number(.max)),
            ])
    }

    @Test func aScopeIsDelegatedAndStartsWithItsProcess() throws {
        let properties = ScopeProperties.scope(try ScopeName("a.slice:p:n", id: ""), processID: 42, limits: [])
        #expect(properties.contains(UnitProperty("Delegate", .boolean(true))))
        #expect(properties.contains(UnitProperty("Slice", .string("a.slice"))))
        #expect(properties.contains(UnitProperty("PIDs", .processes([42]))))
    }
}
