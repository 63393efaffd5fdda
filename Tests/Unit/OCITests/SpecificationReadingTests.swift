import Essentials
import OCI
import Testing

struct SpecificationReadingTests {
    private static let whole = """
        {"ociVersion": "1.2.0", "root": {"path": "rootfs", "readonly": true}, "hostname": "h", "annotations": {"a": "b"},
         "process": {"cwd": "/", "args": ["sh"], "env": ["A=b"], "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [3]},
                     "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615}], "oomScoreAdj": -5,
                     "scheduler": {"policy": "SCHED_FIFO", "priority": 5, "flags": ["SCHED_FLAG_RESET_ON_FORK"]},
                     "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0}, "execCPUAffinity": {"initial": "0", "final": "0-1"}},
         "mounts": [{"destination": "/m", "source": "/s", "type": "bind", "options": ["rbind", "ridmap"],
                     "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}],
         "hooks": {"startContainer": [{"path": "/h", "args": ["h"], "env": ["X=y"], "timeout": 3}]},
         "linux": {"namespaces": [{"type": "time"}, {"type": "network", "path": "/n"}], "personality": {"domain": "LINUX32"},
                   "timeOffsets": {"boottime": {"secs": -1, "nanosecs": 2}}, "netDevices": {"eth0": {"name": "in"}},
                   "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0"}, "intelRdt": {"closID": "c", "schemata": ["L3:0=f"]},
                   "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/l", "listenerMetadata": "m", "flags": []}},
         "somethingElse": [1]}
        """

    private func read(_ text: String) throws -> RuntimeSpecification { try .read(Array(text.utf8), name: "config.json") }

    @Test func everyField() throws {
        let specification = try read(Self.whole)
        let process = try #require(specification.process)
        #expect(process.rlimits == [.init(type: "RLIMIT_CORE", hard: .max, soft: 0)])
        #expect(process.user == .init(uid: 1, gid: 2, umask: 18, additionalGids: [3]))
        #expect(process.scheduler?.priority == 5 && process.scheduler?.flags == ["SCHED_FLAG_RESET_ON_FORK"])
        #expect(process.ioPriority == .init(class: "IOPRIO_CLASS_IDLE", priority: 0))
        #expect(process.execCPUAffinity == .init(initial: "0", final: "0-1"))
        #expect(specification.mounts?.first?.uidMappings == [.init(containerID: 0, hostID: 1, size: 1)])
        #expect(specification.hooks?.startContainer == [.init(path: "/h", args: ["h"], env: ["X=y"], timeout: 3)])
        let linux = try #require(specification.linux)
        #expect(linux.timeOffsets == ["boottime": .init(secs: -1, nanosecs: 2)])
        #expect(linux.netDevices == ["eth0": .init(name: "in")] && linux.personality?.domain == "LINUX32")
        #expect(linux.memoryPolicy == .init(mode: "MPOL_BIND", nodes: "0") && linux.intelRdt?.schemata == ["L3:0=f"])
        #expect(linux.seccomp?.listenerPath == "/l" && linux.seccomp?.listenerMetadata == "m")
    }

    @Test(arguments: [
        ("\"cwd\": \"/\",", "", "`process.cwd` is missing"), ("\"uid\": 1", "\"uid\": -1", "`process.user.uid` is out of range"),
        ("\"uid\": 1", "\"uid\": 4294967296", "`process.user.uid` is out of range"),
        ("\"uid\": 1", "\"uid\": \"1\"", "`process.user.uid` must be a whole number"),
        ("\"oomScoreAdj\": -5", "\"oomScoreAdj\": 1e99", "`process.oomScoreAdj` is out of range"),
        ("[\"sh\"]", "\"sh\"", "`process.args` must be a list"), ("[\"sh\"]", "[\"sh\", null]", "`process.args[1]`"),
        ("\"readonly\": true", "\"readonly\": 1", "`root.readonly` must be true or false"),
        ("\"type\": \"time\"", "\"type\": \"warp\"", "`linux.namespaces[0].type` is out of range or unknown"),
        ("\"timeout\": 3", "\"timeout\": \"3s\"", "`hooks.startContainer[0].timeout` must be a whole number"),
        ("{\"a\": \"b\"}", "[]", "`annotations` must be an object"),
        ("{\"ociVersion\"", "{\"ociversion\"", "`ociVersion` is missing"),
    ])
    func theFieldIsNamed(part: String, replacement: String, message: String) throws {
        #expect(Self.whole.contains(part))
        let error = #expect(throws: GantryError.self) { try read(Self.whole.replacing(part, with: replacement)) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    /// Whatever stands in the file, it is read or refused: 4000 changes from a fixed beginning.
    @Test func changedDocumentsAreReadOrRefused() {
        var random = SequenceOfNumbers(seed: 20_251_104)
        let original = Array(Self.whole.utf8)
        var refused = 0
        for _ in 0..<4000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: Array("-9e9[]{}\",:null".utf8).shuffled(using: &random).prefix(3), at: at)
                default: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
                }
            }
            do { _ = try RuntimeSpecification.read(bytes, name: "c") } catch {
                refused += 1
                #expect(error.kind == .invalid && error.message.hasPrefix("`c` is not valid"))
            }
        }
        #expect(refused > 1000)
    }
}

/// The same numbers in each run (SplitMix64).
struct SequenceOfNumbers: RandomNumberGenerator {
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
