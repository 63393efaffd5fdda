import Essentials
import LinuxSystem
import OCI
import Testing

@testable import Engine

@Suite struct SignalNumberTests {
    @Test(arguments: [("KILL", Int32(9)), ("sigterm", 15), ("15", 15), ("RTMIN+3", 37), ("SIGRTMAX-1", 63), ("SIGRTMIN", 34)])
    func parses(text: String, number: Int32) throws { #expect(try SignalNumber.parse(text) == number) }

    @Test(arguments: ["", "0", "65", "SIGFOO", "RTMIN+31", "-9"])
    func refuses(text: String) { #expect(throws: GantryError.self) { try SignalNumber.parse(text) } }
}

@Suite struct TimeTextTests {
    @Test(arguments: [
        ("1700000000", Int64(1_700_000_000_000_000_000)), ("1700000000.5", 1_700_000_000_500_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000), ("2023-11-14T22:13:20", 1_700_000_000_000_000_000),
        ("2023-11-15", 1_700_006_400_000_000_000), ("2023-11-14T23:13:20+01:00", 1_700_000_000_000_000_000),
    ])
    func parses(text: String, nanoseconds: Int64) { #expect(TimeText.parse(text)?.nanoseconds == nanoseconds) }

    @Test func durationsCountBackFromNow() throws {
        let time = try #require(TimeText.parse("1h30m"))
        let age = Timestamp.now().nanoseconds - time.nanoseconds
        #expect(age >= 5400 * 1_000_000_000 && age < 5460 * 1_000_000_000)
    }

    @Test(arguments: ["", "foo", "1x", "12:00", "--"])
    func refuses(text: String) { #expect(TimeText.parse(text) == nil) }
}

@Suite struct ImageDefaultsTests {
    private func image() -> ContainerDefaults {
        var image = ContainerDefaults()
        image.environment = ["PATH=/bin", "A=image"]
        image.entrypoint = ["/entry"]
        image.command = ["serve"]
        image.user = "app"
        image.labels = ["a": "image", "b": "image"]
        image.exposedPorts = ["80": .init()]
        return image
    }

    @Test func fillsInWhatIsOpen() throws {
        var settings = ContainerSettings(image: "x")
        settings.environment = ["A=mine"]
        settings.labels = ["a": "mine"]
        let merged = try ImageDefaults.merge(settings, with: image())
        #expect(merged.environment == ["A=mine", "PATH=/bin"])
        #expect(merged.labels == ["a": "mine", "b": "image"])
        #expect(ImageDefaults.program(merged) == ["/entry", "serve"])
        #expect(merged.user == "app")
        #expect(merged.exposedPorts == ["80/tcp"])
    }

    @Test func aCommandOfItsOwnKeepsTheEntryPoint() throws {
        var settings = ContainerSettings(image: "x")
        settings.command = ["ls"]
        #expect(ImageDefaults.program(try ImageDefaults.merge(settings, with: image())) == ["/entry", "ls"])
    }

    @Test func anEntryPointOfItsOwnDropsTheCommand() throws {
        var settings = ContainerSettings(image: "x")
        settings.entrypoint = ["/mine"]
        #expect(ImageDefaults.program(try ImageDefaults.merge(settings, with: image())) == ["/mine"])
        settings.entrypoint = [""]
        #expect(throws: GantryError.self) { try ImageDefaults.merge(settings, with: image()) }
    }

    @Test func entriesReplaceTheirNameOnly() {
        #expect(ImageDefaults.replacing(["A=1", "AB=2"], with: ["A=3", "C=4", "AB"]) == ["A=3", "C=4"])
    }
}

@Suite struct FilterTests {
    @Test func prunesByAgeAndLabel() throws {
        let filter = try PruneFilter(["until": ["2020-01-01"], "label": ["keep=no"], "label!": ["locked"]])
        let old = try #require(Timestamp(rfc3339: "2019-01-01T00:00:00Z"))
        #expect(filter.admits(labels: ["keep": "no"], createdAt: old))
        #expect(!filter.admits(labels: ["keep": "no", "locked": ""], createdAt: old))
        #expect(!filter.admits(labels: ["keep": "yes"], createdAt: old))
        #expect(!filter.admits(labels: ["keep": "no"], createdAt: .now()))
        #expect(throws: GantryError.self) { _ = try PruneFilter(["nonsense": ["1"]]) }
    }

    @Test func eventsAreChosenByActorAndAction() throws {
        let event = EngineEvent(
            type: "container", action: "exec_start: ls", actorID: "abc123", attributes: ["name": "web", "image": "busybox:latest"],
            time: .now())
        for filters in [
            ["container": ["web"]], ["event": ["exec_start"]], ["image": ["busybox"]], ["type": ["container"]],
            ["container": ["abc"]],
        ] { #expect(EventFilter(filters).admits(event), "\(filters)") }
        for filters in [["container": ["other"]], ["event": ["exec"]], ["type": ["image"]], ["network": ["web"]], ["label": ["x"]]]
        {
            #expect(!EventFilter(filters).admits(event), "\(filters)")
        }
    }

    @Test func imagePatternsStayWithinAComponent() {
        #expect(ImageFilter.matches("busy*", "busybox"))
        #expect(ImageFilter.matches("*/app:v?", "user/app:v1"))
        #expect(!ImageFilter.matches("*", "user/app"))
    }
}

@Suite struct OperationGateTests {
    @Test func oneAtATimeInOrder() async throws {
        let gate = OperationGate()
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await gate.run {
                        await order.enter()
                        try await Task.sleep(for: .microseconds(50 * (number % 3)))
                        await order.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await order.most == 1)
        #expect(await order.count == 20)
    }

    private actor Order {
        var inside = 0, most = 0, count = 0
        func enter() { inside += 1; most = max(most, inside); count += 1 }
        func leave() { inside -= 1 }
    }
}

@Suite struct ByteBridgeTests {
    @Test func carriesAllBytesBothWays() async throws {
        let chunks = (0..<50).map { [UInt8](repeating: UInt8($0), count: 100_000) }
        let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
            for chunk in chunks { continuation.yield(chunk) }
            continuation.finish()
        }
        let total = try await BlockingWork.reading(stream) { read in
            var sum = 0
            while let chunk = try read() { sum += chunk.count }
            return sum
        }
        #expect(total == 5_000_000)
        let collected = Collected()
        try await BlockingWork.writing(to: { await collected.add($0.count) }) { write in
            for chunk in chunks { try write(chunk) }
        }
        #expect(await collected.sum == 5_000_000)
    }

    @Test func aFailureOfOneSideEndsTheOther() async throws {
        let failure = await #expect(throws: GantryError.self) {
            try await BlockingWork.writing(to: { _ in throw GantryError.invalid("full") }) { write in
                while true { try write([UInt8](repeating: 0, count: 1 << 20)) }
            }
        }
        #expect(failure?.message == "full")
    }

    private actor Collected {
        var sum = 0
        func add(_ count: Int) { sum += count }
    }
}
