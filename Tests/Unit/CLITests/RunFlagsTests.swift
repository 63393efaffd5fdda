import DockerAPI
import Essentials
import LinuxSystem
import Testing

@testable import CLI

@Suite struct RunFlagsTests {
    private func specification(_ words: String..., environment: [String: String] = [:]) throws -> ContainerSpecification {
        guard case .run(let command) = try CommandParser.parse(CreateCommand.self, name: "gantry create", words),
            let create = command as? CreateCommand
        else { throw UsageError("help") }
        return try ContainerSpecification(create.flags, words: create.operands, environment: environment)
    }

    private func message(_ words: [String]) -> String {
        do {
            guard case .run(let command) = try CommandParser.parse(CreateCommand.self, name: "gantry create", words + ["img"]),
                let create = command as? CreateCommand
            else { return "help" }
            _ = try ContainerSpecification(create.flags, words: create.operands, environment: [:])
            return ""
        } catch let error as UsageError { return error.message } catch { return "\(error)" }
    }

    @Test func plainRun() throws {
        let body = try specification("img", "echo", "hi").body
        #expect(body.config.image == "img" && body.config.cmd == ["echo", "hi"] && body.config.entrypoint == nil)
        #expect(!body.config.attachStdin && body.config.attachStdout && body.config.attachStderr && !body.config.openStdin)
        #expect(body.hostConfig?.networkMode == "default" && body.networkingConfig == nil)
        #expect(body.hostConfig?.restartPolicy.name == "no")
    }

    @Test func streams() throws {
        let interactive = try specification("-i", "img").body.config
        #expect(interactive.attachStdin && interactive.openStdin && interactive.stdinOnce && interactive.attachStdout)
        let output = try specification("-a", "STDOUT", "img").body.config
        #expect(output.attachStdout && !output.attachStderr && !output.attachStdin)
        var detached = try specification("-it", "img")
        detached.detach()
        #expect(detached.body.config.openStdin && !detached.body.config.stdinOnce && !detached.body.config.attachStdout)
    }

    @Test func environment() throws {
        let config = try specification("-e", "A=1", "-e", "FOO", "-e", "NOPE", "-e", "EMPTY=", "img", environment: ["FOO": "x"])
            .body.config
        #expect(config.env == ["A=1", "FOO=x", "EMPTY="])
        #expect(message(["-e", "=x"]) == "invalid argument \"=x\" for \"-e, --env\" flag: invalid environment variable: =x")
    }

    @Test func environmentFiles() throws {
        let path = "/tmp/cli-env-\(UInt64.random(in: 0 ... .max))"
        defer { _ = try? FileSystem.remove(path) }
        func lines(_ text: String) throws -> [String] {
            try FileSystem.replace(path, with: text)
            return try EnvironmentFlags.lines(of: path, kind: "env", environment: ["C": "client"])
        }
        #expect(
            try lines("# comment\nA=1\n\nC\nNOPE\n  D=indent\nE=\"quoted\"\r\n") == ["A=1", "C=client", "D=indent", "E=\"quoted\""])
        for (text, reason) in [
            ("B = spaced", "variable 'B ' contains whitespaces"), ("=x", "no variable name on line '=x'"),
            ("has space=x", "variable 'has space' contains whitespaces"),
        ] {
            do {
                _ = try lines(text)
                Issue.record("no error for \(text)")
            } catch { #expect("\(error)" == "invalid env file (\(path)): \(reason)") }
        }
        #expect(message(["--env-file", "/nosuch"]) == "open /nosuch: no such file or directory")
    }

    @Test func entryPoint() throws {
        #expect(try specification("--entrypoint", "/bin/x", "img", "a").body.config.entrypoint == ["/bin/x"])
        #expect(try specification("--entrypoint=", "img").body.config.entrypoint == [""])
    }

    @Test func volumes() throws {
        let body = try specification("-v", "/a:/b:ro", "-v", "vol:/x", "-v", "/anon", "img").body
        #expect(body.hostConfig?.binds == ["/a:/b:ro", "vol:/x"])
        #expect(body.config.volumes?.keys.sorted() == ["/anon"])
        #expect(try VolumeFlag.split(["./src:/data"]).binds[0].hasSuffix("/src:/data"))
        #expect(try VolumeFlag.split(["./src:/data"]).binds[0].hasPrefix("/"))
        #expect(try VolumeFlag.split(["rel/path:/data"]).binds == ["rel/path:/data"])
        #expect(message(["-v", "/a:/b:/c:/d"]) == "invalid spec: /a:/b:/c:/d: too many colons")
        #expect(message(["-v", ":/b"]) == "invalid spec: :/b: empty section between colons")
        #expect(message(["-v", ""]) == "invalid empty volume spec")
    }

    @Test func mounts() throws {
        let volume = try MountFlag.parse("type=volume,source=v1,target=/data,volume-nocopy,volume-opt=type=nfs,volume-label=a=b,ro")
        #expect(volume.type == "volume" && volume.source == "v1" && volume.target == "/data" && volume.readOnly)
        #expect(volume.volumeOptions?.noCopy == true && volume.volumeOptions?.labels == ["a": "b"])
        #expect(volume.volumeOptions?.driverConfig?.options == ["type": "nfs"])
        #expect(try MountFlag.parse("target=/data").type == "volume")
        let tmpfs = try MountFlag.parse("type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770")
        #expect(tmpfs.tmpfsOptions?.sizeBytes == 1_048_576 && tmpfs.tmpfsOptions?.mode == 0o1770)
        #expect(try MountFlag.parse("type=bind,src=/a,dst=/b,bind-propagation=rshared").bindOptions?.propagation == "rshared")
        #expect(try MountFlag.parse("type=bind,\"src=/a,b\",dst=/b,readonly=false").source == "/a,b")
    }

    @Test(arguments: [
        ("type=bind,source=/home", "target is required"), ("foo", "invalid field 'foo' must be a key=value pair"), ("", "EOF"),
        ("type=bind,foo=bar,target=/x", "unexpected key 'foo' in 'foo=bar'"),
        ("type=bind,source=/home,target=/x,volume-nocopy", "cannot mix 'volume-*' options with mount type 'bind'"),
        ("type=volume,target=/x,readonly=maybe", "invalid value for readonly: maybe"),
        ("type=tmpfs,target=/x,tmpfs-size=abc", "invalid value for tmpfs-size: abc"),
        (
            "type=bind,source=/home,target=/x,bind-recursive=readonly",
            "option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction"
        ),
    ])
    func wrongMounts(_ text: String, _ reason: String) {
        #expect(message(["--mount", text]) == "invalid argument \"\(text)\" for \"--mount\" flag: \(reason)")
    }

    @Test(arguments: [
        ("8080:80", ["80/tcp :8080"]), ("127.0.0.1:8081:81/udp", ["81/udp 127.0.0.1:8081"]), ("82", ["82/tcp :"]),
        (":80", ["80/tcp :"]),
        ("8090-8092:90-92", ["90/tcp :8090", "91/tcp :8091", "92/tcp :8092"]), ("8100-8101:8100", ["8100/tcp :8100-8101"]),
        ("[::1]:5:6/TCP", ["6/tcp ::1:5"]), ("127.0.0.1::80", ["80/tcp 127.0.0.1:"]), ("10-11", ["10/tcp :", "11/tcp :"]),
    ])
    func ports(_ text: String, _ expected: [String]) throws {
        #expect(try PortFlag.parse(text).map { "\($0.port) \($0.hostAddress):\($0.hostPort)" } == expected)
    }

    @Test(arguments: [
        ("foo", "invalid containerPort: foo"), ("99999:80", "invalid hostPort: 99999"),
        ("80:99999", "invalid containerPort: 99999"),
        ("1-3:1-2", "invalid ranges specified for container and host Ports: 1-2 and 1-3"),
        ("1.2.3.4.5:80:80", "invalid IP address: 1.2.3.4.5"),
        ("80:80/foo", "invalid proto: foo"), ("a:b:c:d", "invalid IP address: a:b"), ("", "no port specified: <empty>"),
        ("8080:", "no port specified: 8080:<empty>"),
    ])
    func wrongPorts(_ text: String, _ reason: String) { #expect(message(["-p", text]) == reason) }

    @Test func exposedPorts() throws {
        let body = try specification("-p", "8080:80", "--expose", "1000-1001", "--expose", "7/udp", "-P", "img").body
        #expect(body.config.exposedPorts?.keys.sorted() == ["1000/tcp", "1001/tcp", "7/udp", "80/tcp"])
        #expect(body.hostConfig?.publishAllPorts == true)
        #expect(
            message(["--expose", "foo"])
                == "invalid range format for --expose: foo, error: strconv.ParseUint: parsing \"foo\": invalid syntax")
    }

    @Test func networks() throws {
        let plain = try specification("--network", "n1", "--network-alias", "a", "--ip", "10.0.0.5", "--link", "x:y", "img").body
        #expect(plain.hostConfig?.networkMode == "n1")
        let endpoint = try #require(plain.networkingConfig?.endpointsConfig["n1"])
        #expect(endpoint.aliases == ["a"] && endpoint.ipamConfig?.ipv4Address == "10.0.0.5" && endpoint.links == ["x:y"])
        let several = try specification("--network", "name=n1,alias=a,driver-opt=k=v,gw-priority=3", "--network", "n2", "img").body
        #expect(several.networkingConfig?.endpointsConfig.keys.sorted() == ["n1", "n2"])
        #expect(several.networkingConfig?.endpointsConfig["n1"]?.driverOpts == ["k": "v"])
        #expect(several.networkingConfig?.endpointsConfig["n1"]?.gwPriority == 3)
        #expect(try specification("--net=host", "img").body.networkingConfig == nil)
        #expect(try specification("--network", "container:x", "img").body.hostConfig?.networkMode == "container:x")
        #expect(message(["--network", "n1", "--network", "n1"]) == "network \"n1\" is specified multiple times")
        #expect(
            message(["--network", "host", "--network", "n1"])
                == "conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    }

    @Test func resources() throws {
        let host = try #require(
            try specification(
                "-m", "100m", "--memory-swap=-1", "--cpus", "1.5", "--pids-limit", "-1", "-c", "512", "--shm-size", "1g",
                "--ulimit",
                "nofile=10:20", "--ulimit", "core=-1", "--device", "/dev/null:/dev/x:r", "--device-read-bps", "/dev/sda:1mb",
                "--gpus", "all",
                "--blkio-weight-device", "/dev/sda:10", "--memory-swappiness", "5", "img"
            ).body.hostConfig)
        #expect(host.memory == 104_857_600 && host.memorySwap == -1 && host.nanoCpus == 1_500_000_000 && host.pidsLimit == -1)
        #expect(host.cpuShares == 512 && host.shmSize == 1 << 30 && host.memorySwappiness == 5)
        #expect(host.ulimits.map { "\($0.name)=\($0.soft):\($0.hard)" } == ["core=-1:-1", "nofile=10:20"])
        #expect(host.devices.map { "\($0.pathOnHost) \($0.pathInContainer) \($0.cgroupPermissions)" } == ["/dev/null /dev/x r"])
        #expect(host.blkioDeviceReadBps.first?.rate == 1_048_576 && host.blkioWeightDevice.first?.weight == 10)
        #expect(host.deviceRequests.first?.count == -1 && host.deviceRequests.first?.capabilities == [["gpu"]])
    }

    private static let wrong: [([String], String)] = [
        (["--memory", "abc"], "invalid argument \"abc\" for \"-m, --memory\" flag: invalid size: 'abc'"),
        (["--cpus", "abc"], "invalid argument \"abc\" for \"--cpus\" flag: failed to parse abc as a rational number"),
        (
            ["--pids-limit", "abc"],
            "invalid argument \"abc\" for \"--pids-limit\" flag: strconv.ParseInt: parsing \"abc\": invalid syntax"
        ),
        (["--restart", "foo", "--rm"], "conflicting options: cannot specify both --restart and --rm"),
        (["--restart", "on-failure:x"], "invalid restart policy format: maximum retry count must be an integer"),
        (["-a", "foo"], "invalid argument \"foo\" for \"-a, --attach\" flag: valid streams are STDIN, STDOUT and STDERR"),
        (["--ulimit", "foo"], "invalid argument \"foo\" for \"--ulimit\" flag: invalid ulimit argument: foo"),
        (["--ulimit", "foo=1:2"], "invalid argument \"foo=1:2\" for \"--ulimit\" flag: invalid ulimit type: foo"),
        (
            ["--ulimit", "nofile=100:50"],
            "invalid argument \"nofile=100:50\" for \"--ulimit\" flag: ulimit soft limit must be less than or equal to hard limit: 100 > 50"
        ),
        (["--memory-swappiness", "200"], "invalid value: 200. Valid memory swappiness range is 0-100"),
        (["--security-opt", "foo"], "Invalid --security-opt: \"foo\""),
        (
            ["--security-opt", "seccomp=/nosuch.json"],
            "opening seccomp profile (/nosuch.json) failed: open /nosuch.json: no such file or directory"
        ),
        (["--device", "/dev/null:/dev/x:foo"], "bad mode specified: foo"),
        (
            ["--device-cgroup-rule", "foo"],
            "invalid argument \"foo\" for \"--device-cgroup-rule\" flag: invalid device cgroup format 'foo'"
        ),
        (["--device-read-bps", "foo"], "invalid argument \"foo\" for \"--device-read-bps\" flag: bad format: foo"),
        (["--userns", "foo"], "--userns: invalid USER mode"), (["--uts", "foo"], "--uts: invalid UTS mode"),
        (["--pid", "foo"], "--pid: invalid PID mode"), (["--cgroupns", "foo"], "--cgroupns: invalid CGROUP mode"),
        (["--sysctl", "foo=1"], "invalid argument \"foo=1\" for \"--sysctl\" flag: sysctl 'foo=1' is not allowed"),
        (["--mac-address", "foo"], "foo is not a valid mac address"),
        (["--dns", "foo"], "invalid argument \"foo\" for \"--dns\" flag: IP address is not correctly formatted: foo"),
        (["--add-host", "foo"], "invalid argument \"foo\" for \"--add-host\" flag: bad format for add-host: \"foo\""),
        (
            ["--add-host", "foo:notanip"],
            "invalid argument \"foo:notanip\" for \"--add-host\" flag: invalid IP address in add-host: \"notanip\""
        ),
        (
            ["--health-interval", "1"],
            "invalid argument \"1\" for \"--health-interval\" flag: time: missing unit in duration \"1\""
        ),
        (["--health-retries", "-1", "--health-cmd", "true"], "--health-retries cannot be negative"),
        (["--no-healthcheck", "--health-cmd", "true"], "--no-healthcheck conflicts with --health-* options"),
        (["-l", "=x"], "invalid argument \"=x\" for \"-l, --label\" flag: invalid label '=x': empty name"),
        (["--pull", "sometimes"], "invalid pull option: 'sometimes': must be one of \"always\", \"missing\" or \"never\""),
        (["--cpu-count", "1", "--io-maxbandwidth", "1m", "--kernel-memory", "10m"], ""),
    ]

    @Test(arguments: wrong)
    func complaints(_ words: [String], _ expected: String) { #expect(message(words) == expected) }

    @Test func namesAndHosts() throws {
        let host = try #require(
            try specification(
                "--add-host", "a=1.2.3.4", "--add-host", "b:[::1]", "--add-host", "c:host-gateway", "--security-opt",
                "systempaths=unconfined",
                "--security-opt", "no-new-privileges", "--security-opt", "apparmor:x", "--tmpfs", "/t:size=1m", "--sysctl",
                "net.a=1", "img"
            ).body.hostConfig)
        #expect(host.extraHosts == ["a:1.2.3.4", "b:::1", "c:host-gateway"])
        #expect(host.maskedPaths == [] && host.readonlyPaths == [] && host.securityOpt == ["no-new-privileges", "apparmor=x"])
        #expect(host.tmpfs == ["/t": "size=1m"] && host.sysctls == ["net.a": "1"])
    }

    @Test func health() throws {
        let health = try #require(
            try specification("--health-cmd", "true", "--health-interval", "1m30s", "--health-retries", "2", "img").body.config
                .healthcheck)
        #expect(health.test == ["CMD-SHELL", "true"] && health.interval == 90_000_000_000 && health.retries == 2)
        #expect(try specification("--no-healthcheck", "img").body.config.healthcheck?.test == ["NONE"])
    }
}

@Suite struct StreamTests {
    @Test func escapeKeysAreHeldBackUntilItIsClear() throws {
        var keys = EscapeKeys.standard
        #expect(keys.filter([1, 16]) == [1])
        #expect(keys.filter([2]) == [16, 2])
        #expect(keys.filter([16, 16]) == [16])
        #expect(keys.filter([17]) == nil)
        var one = try EscapeKeys("ctrl-a")
        #expect(one.filter([5]) == [5])
        #expect(one.filter([1]) == nil)
        #expect(try EscapeKeys("ctrl-@,x,ctrl-_").bytes == [0, 120, 31])
        #expect(throws: GantryError.self) { try EscapeKeys("foo") }
    }

    @Test func copyPlans() throws {
        #expect(
            try CopyPlan.make(sourceIsFolder: false, destination: "/tmp", destinationIsFolder: true)
                == CopyPlan(folder: "/tmp", name: nil))
        #expect(
            try CopyPlan.make(sourceIsFolder: false, destination: "/a/f1", destinationIsFolder: nil)
                == CopyPlan(folder: "/a", name: "f1"))
        #expect(
            try CopyPlan.make(sourceIsFolder: true, destination: "/d2/", destinationIsFolder: nil)
                == CopyPlan(folder: "/", name: "d2"))
        #expect(
            try CopyPlan.make(sourceIsFolder: false, destination: "/a/f", destinationIsFolder: false)
                == CopyPlan(folder: "/a", name: "f"))
        #expect(throws: GantryError.self) { try CopyPlan.make(sourceIsFolder: true, destination: "/f", destinationIsFolder: false) }
        #expect(throws: GantryError.self) {
            try CopyPlan.make(sourceIsFolder: false, destination: "/no/", destinationIsFolder: nil)
        }
        #expect(
            CopyPath.split("/a/b/.").base == "." && CopyPath.split("/a/b/").base == "b"
                && CopyPath.clean("/etc/../etc/./group") == "/etc/group")
        #expect(
            CopySide("c1:/x") == .container(name: "c1", path: "/x") && CopySide("./a:b") == .local("./a:b")
                && CopySide("-") == .stream)
        #expect(CopyOut.rename(Array("d1/a".utf8), "d1", "out") == Array("out/a".utf8))
        #expect(CopyOut.rename(Array("./a".utf8), ".", "out") == Array("out/a".utf8))
        #expect(CopyOut.rename(Array("etc/".utf8), "/", "root") == Array("root/etc/".utf8))
    }

    @Test func usageOfAContainer() throws {
        var stats = Stats()
        stats.name = "/c1"
        stats.id = String(repeating: "f", count: 64)
        stats.cpuStats.cpuUsage.totalUsage = 300
        stats.previousCPUStats.cpuUsage.totalUsage = 100
        stats.cpuStats.systemCpuUsage = 2000
        stats.previousCPUStats.systemCpuUsage = 1000
        stats.cpuStats.onlineCpus = 2
        stats.memoryStats.usage = 700 * 1024
        stats.memoryStats.stats = ["inactive_file": 72 * 1024]
        stats.memoryStats.limit = 100 << 20
        stats.pidsStats.current = 1
        let text = try ContainerUsage.view(truncates: true).render([ContainerUsage(container: "c1", stats)], format: nil)
        let expected = """
            CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O   BLOCK I/O   PIDS
            ffffffffffff   c1        40.00%    628KiB / 100MiB     0.61%     0B / 0B   0B / 0B     1

            """
        #expect(text == expected)
    }

    @Test func filesArriveInOrderWhateverTheirSpeed() async throws {
        let feed = BlockingFeed()
        let source = AsyncThrowingStream<[UInt8], any Error> { continuation in
            for number in 0..<200 { continuation.yield([UInt8(number)]) }
            continuation.finish()
        }
        async let carried: Void = feed.carry(source)
        let all = try await BlockingWork.run {
            var all: [UInt8] = []
            while let piece = try feed.next() { all += piece }
            return all
        }
        await carried
        #expect(all == (0..<200).map { UInt8($0) })
    }
}
