import ContainerRuntime
import Essentials
import LinuxSystem
import OCI
import Testing

/// Fields that Docker's defaults do not use, as text of the plan.
struct SpecificationPlanTests {
    private static let layout = CgroupLayout(mountInfo: "30 1 0:1 / /c/memory rw - cgroup cgroup rw,memory\n")
    private static let all: UInt64 = (1 << 41) - 1
    private static let ordinary: UInt64 = 0

    private func lines(
        capabilities: UInt64 = all, _ change: (inout RuntimeSpecification) throws -> Void
    ) throws -> [String] {
        var specification = RuntimeSpecification()
        specification.process = .init(args: ["true"])
        specification.root = .init(path: "/r")
        var linux = RuntimeSpecification.Linux()
        linux.namespaces = [.init(.mount), .init(.pid)]
        specification.linux = linux
        try change(&specification)
        let tree = try OwnedDescriptor.open("/", 0)
        let root: RootFileSystem = capabilities == Self.all ? .tree(tree) : .directory("/r")
        var request = ContainerStart(id: "c", specification: specification, root: root)
        request.bundle = "/b"
        return try ContainerPlanner(
            request: request, stateDirectory: "/run/c", cgroups: Self.layout, cgroupPath: "/g/c", outOfMemoryFile: nil,
            availableCapabilities: capabilities
        ).plan().text.split(separator: "\n").map(String.init)
    }

    private func setUsers(_ specification: inout RuntimeSpecification, host: UInt32 = 100_000, size: UInt32 = 65536) {
        specification.linux?.namespaces?.append(.init(.user))
        specification.linux?.uidMappings = [.init(containerID: 0, hostID: host, size: size)]
        specification.linux?.gidMappings = [.init(containerID: 0, hostID: host, size: size)]
    }

    private func positions(_ names: [String], in lines: [String]) -> [Int] {
        names.map { name in lines.firstIndex { $0.hasPrefix(name) } ?? -1 }
    }

    @Test func aUserNamespaceIsMappedBeforeTheRootAndEnteredAfter() throws {
        let lines = try lines { setUsers(&$0) }
        #expect(!lines.contains("stage") && lines.contains("fork 0x30020000 \"\""))
        // The daemon puts it in its groups: from inside it could not.
        #expect(!lines.contains { $0.hasPrefix("enterCgroups") })
        let order = positions(
            ["fork", "awaitDaemon 0x0 0x1", "propagation", "rootTree", "becomeRoot", "pivotRoot", "identity"], in: lines)
        #expect(order == order.sorted() && !order.contains(-1), "\(order)")
        #expect(!lines.contains("keepGroups"))
    }

    @Test func withoutRightsTheChildIsReadableAndKeepsItsGroups() throws {
        let lines = try lines(capabilities: Self.ordinary) { setUsers(&$0) }
        #expect(lines.contains("awaitDaemon 0x1 0x1") && lines.contains("rootBind 0x0 0x0 \"/run/c/root\" \"/r\""))
        #expect(!lines.contains("keepGroups"))
    }

    @Test func joinedNamespacesOfAUserNamespaceAreAStagesWork() throws {
        let lines = try lines {
            setUsers(&$0)
            $0.linux?.namespaces?.append(.init(.network, path: "/proc/self/ns/net"))
        }
        let order = positions(["stage", "enterNamespace", "fork", "awaitDaemon"], in: lines)
        #expect(order == order.sorted() && !order.contains(-1), "\(order)")
        #expect(lines.filter { $0.hasPrefix("enterNamespace") }.count == 1)
    }

    @Test func clocksAreAStagesWork() throws {
        let lines = try lines {
            $0.linux?.namespaces?.append(.init(.time))
            $0.linux?.timeOffsets = ["monotonic": .init(secs: -3), "boottime": .init(secs: 1, nanosecs: 5)]
        }
        let at = try #require(lines.firstIndex(of: "stage"))
        #expect(lines[at + 1].hasPrefix("timeOffsets \"boottime 1 5"))
        let fork = try #require(lines.first { $0.hasPrefix("fork") })
        #expect(fork == "fork 0x20020000 \"\"")
    }

    @Test func hooksInTheirPlaces() throws {
        let lines = try lines {
            var hooks = RuntimeSpecification.Hooks()
            hooks.createRuntime = [.init(path: "/runtime")]
            hooks.createContainer = [.init(path: "/create", args: ["a", "b"], env: ["X=y"], timeout: 2)]
            hooks.startContainer = [.init(path: "/start")]
            $0.hooks = hooks
        }
        let order = positions(
            [
                "fork", "ownNumber", "rootTree", "awaitDaemon 0x0 0x2", "hook 0x7d0 0x2 0x2 \"/create\" \"a\" \"b\"", "pivotRoot",
                "identity",
                "hook 0x0 0x0 0x2 \"/start\"", "execute",
            ], in: lines)
        #expect(order == order.sorted() && !order.contains(-1), "\(lines)")
        #expect(
            lines.contains {
                $0.contains(#""bundle":"/b""#) && $0.contains(#""status":"creating""#) && $0.hasSuffix("\"}\" \"X=y\"")
            })
    }

    @Test func whatIsNotAskedForTakesNoStep() throws {
        let lines = try lines { _ in }
        #expect(
            lines.map { $0.prefix { $0 != " " } } == [
                "stateDirectory", "streams", "fork", "enterCgroups", "propagation", "rootTree", "pivotRoot", "pipes",
                "workingDirectory",
                "identity", "capabilities", "execute",
            ])
    }

    @Test func attributesOfTheProcess() throws {
        let lines = try lines {
            $0.process?.scheduler = .init(policy: "SCHED_BATCH")
            $0.process?.scheduler?.nice = -1
            $0.process?.ioPriority = .init(class: "IOPRIO_CLASS_BE", priority: 3)
            $0.linux?.personality = .init(domain: "LINUX32")
            $0.linux?.memoryPolicy = .init(mode: "MPOL_INTERLEAVE", nodes: "0,65", flags: ["MPOL_F_STATIC_NODES"])
        }
        #expect(lines.contains("scheduler 0x3 0xffffffff 0x0 0x0 0x0 0x0 0x0"))
        #expect(lines.contains("ioPriority 0x4003") && lines.contains("personality 0x8"))
        #expect(lines.contains("memoryPolicy 0x8003 <16 bytes>"))
    }

    @Test(arguments: [
        (["rbind", "ro"], ["bind 0x1 0x1 0x0 0x0 0x44000 \"/s\" \"/d\""]),
        (["bind", "rro", "rshared"], ["bind 0x0 0x1 0x0 0x1 0x104000 \"/s\" \"/d\""]),
        (["bind", "noatime"], ["bind 0x0 0x10 0x70 0x0 0x44000 \"/s\" \"/d\""]),
        (["rbind", "rrw", "rsuid"], ["bind 0x1 0x0 0x3 0x1 0x44000 \"/s\" \"/d\""]),
        (["rbind", "ro", "rnosuid"], ["bind 0x1 0x1 0x0 0x0 0x44000 \"/s\" \"/d\"", "changeMount 0x2 0x0 0x1 0x0 \"/d\""]),
        (["bind", "nosuid", "suid"], ["bind 0x0 0x0 0x2 0x0 0x44000 \"/s\" \"/d\""]),
        (["bind", "unbindable"], ["bind 0x0 0x0 0x0 0x0 0x20000 \"/s\" \"/d\""]),
    ])
    func binds(options: [String], expected: [String]) throws {
        let lines = try lines { $0.mounts = [.init(destination: "/d", type: "bind", source: "/s", options: options)] }
        #expect(lines.filter { $0.hasPrefix("bind") || $0.hasPrefix("changeMount") } == expected)
    }

    @Test(arguments: [
        (["mode=700", "nosuid"], ["mountNew 0x2 0x0 \"tmpfs\" \"/d\" \"source\" \"t\" \"mode\" \"700\""]),
        (["tmpcopyup", "ro"], ["mountCopy 0x1 0x0 0x1 \"tmpfs\" \"/d\" \"source\" \"t\""]),
        (
            ["shared", "sync"],
            ["mountNew 0x0 0x0 0x1 \"tmpfs\" \"/d\" \"source\" \"t\" \"sync\" \"\"", "changeMount 0x0 0x0 0x0 0x100000 \"/d\""]
        ),
        (["rprivate", "silent", "defaults"], ["mountNew 0x0 0x0 0x1 \"tmpfs\" \"/d\" \"source\" \"t\""]),
    ])
    func newFileSystems(options: [String], expected: [String]) throws {
        let lines = try lines { $0.mounts = [.init(destination: "d", type: "tmpfs", source: "t", options: options)] }
        #expect(lines.filter { $0.hasPrefix("mount") || $0.hasPrefix("changeMount") } == expected)
    }

    @Test func propagationOfTheRoot() throws {
        for (name, before, after) in [
            ("slave", "0x84000", "0x0"), ("private", "0x44000", "0x0"), ("shared", "0x104000", "0x100000"),
            ("unbindable", "0x44000", "0x20000"), ("rshared", "0x104000", "0x104000"),
        ] {
            let lines = try lines { $0.linux?.rootfsPropagation = name }
            #expect(lines.contains("propagation \(before)") && lines.contains("pivotRoot \(after)"), "\(name)")
        }
    }

    @Test func sysctlsStayInTheContainersNamespaces() throws {
        func refused(_ name: String, _ kinds: RuntimeSpecification.Namespace.Kind...) -> Bool {
            do {
                _ = try lines {
                    $0.linux?.namespaces = [.init(.mount)] + kinds.map { .init($0) }
                    $0.linux?.sysctl = [name: "1"]
                }
                return false
            } catch { return true }
        }
        #expect(!refused("net.ipv4.ip_forward", .network) && refused("net.ipv4.ip_forward"))
        #expect(!refused("net/ipv4/conf/eth0.1/forwarding", .network) && refused("net/../kernel/panic", .network))
        #expect(refused("net...kernel.panic", .network) && refused("net./../kernel/panic", .network))
        #expect(!refused("kernel.shmmax", .ipc) && refused("kernel.shmmax") && !refused("fs.mqueue.msg_max", .ipc))
        #expect(!refused("kernel.domainname", .uts) && refused("kernel.hostname", .uts))
        #expect(refused("kernel.panic", .ipc, .uts, .network) && refused("vm.swappiness", .ipc, .uts, .network))
    }
}
