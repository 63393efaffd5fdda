import Testing

@testable import DockerAPI

@Suite struct CreateBodyTests {
    /// Every field, none at its default.
    private static let full = #"""
        {"Hostname": "a", "Domainname": "b", "User": "c", "AttachStdin": true, "AttachStdout": true, "AttachStderr": true,
        "ExposedPorts": {"80/tcp": {}}, "Tty": true, "OpenStdin": true, "StdinOnce": true, "Env": ["A=\"1\"\n"], "Cmd": ["d"],
        "Healthcheck": {"Test": ["NONE"], "Interval": 1}, "ArgsEscaped": true, "Image": "e", "Volumes": {"/v": {}},
        "WorkingDir": "/w", "Entrypoint": ["f"], "NetworkDisabled": true, "MacAddress": "02:00:00:00:00:01", "OnBuild": ["g"],
        "Labels": {"h": "i"}, "StopSignal": "TERM", "StopTimeout": 3, "Shell": ["sh"],
        "NetworkingConfig": {"EndpointsConfig": {"n": {"Aliases": ["o"]}}},
        "HostConfig": {"Binds": ["/a:/b"], "ContainerIDFile": "c", "LogConfig": {"Type": "local", "Config": {"a": "b"}},
        "NetworkMode": "none", "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "81"}]},
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 1}, "AutoRemove": true, "VolumeDriver": "local",
        "VolumesFrom": ["d"], "ConsoleSize": [24, 80], "Annotations": {"a": "b"}, "CapAdd": ["ALL"], "CapDrop": ["ALL"],
        "CgroupnsMode": "host", "Dns": ["::1"], "DnsOptions": ["e"], "DnsSearch": ["f"], "ExtraHosts": ["g:1.1.1.1"],
        "GroupAdd": ["1"], "IpcMode": "host", "Cgroup": "h", "Links": ["i"], "OomScoreAdj": 1, "PidMode": "host",
        "Privileged": true, "PublishAllPorts": true, "ReadonlyRootfs": true, "SecurityOpt": ["j"], "StorageOpt": {"k": "l"},
        "Tmpfs": {"/t": ""}, "UTSMode": "host", "UsernsMode": "host", "ShmSize": 1, "Sysctls": {"m": "n"}, "Runtime": "o",
        "Isolation": "p", "CpuShares": 2, "Memory": 9007199254740993, "NanoCpus": 3, "CgroupParent": "q", "BlkioWeight": 10,
        "BlkioWeightDevice": [{"Path": "/r", "Weight": 1}], "BlkioDeviceReadBps": [{"Path": "/r", "Rate": 1}],
        "BlkioDeviceWriteBps": [{"Path": "/r", "Rate": 2}], "BlkioDeviceReadIOps": [{"Path": "/r", "Rate": 3}],
        "BlkioDeviceWriteIOps": [{"Path": "/r", "Rate": 4}], "CpuPeriod": 4, "CpuQuota": -1, "CpuRealtimePeriod": 5,
        "CpuRealtimeRuntime": 6, "CpusetCpus": "0", "CpusetMems": "0", "Devices": [{"PathOnHost": "/s"}],
        "DeviceCgroupRules": ["t"], "DeviceRequests": [{"Count": -1}], "KernelMemoryTCP": 7, "MemoryReservation": 8,
        "MemorySwap": -1, "MemorySwappiness": 0, "OomKillDisable": false, "PidsLimit": 9,
        "Ulimits": [{"Name": "nofile", "Hard": 1, "Soft": 1}], "CpuCount": 1, "CpuPercent": 2, "IOMaximumIOps": 3,
        "IOMaximumBandwidth": 4, "Mounts": [{"Type": "tmpfs", "Target": "/u"}], "MaskedPaths": [], "ReadonlyPaths": [],
        "Init": false}}
        """#

    private static func keys(_ text: [UInt8]) throws -> (top: Set<String>, host: Set<String>) {
        guard case .object(let top) = try EngineJSON.decode(JSONValue.self, from: text), case .object(let host)? = top["HostConfig"]
        else { return ([], []) }
        return (Set(top.keys), Set(host.keys))
    }

    @Test func textHasEveryField() throws {
        let body = try EngineJSON.decode(ContainerCreateBody.self, from: Self.full.utf8)
        let text = try body.text()
        #expect(try EngineJSON.decode(ContainerCreateBody.self, from: text) == body)
        let (written, given, coded) = try (Self.keys(text), Self.keys(Array(Self.full.utf8)), Self.keys(EngineJSON.encode(body)))
        #expect(written == given && written == coded)
    }

    @Test func blankFieldsAreLeftOut() throws {
        var body = ContainerCreateBody(hostConfig: HostConfig())
        body.config.image = "busybox"
        #expect(try String(decoding: body.text(), as: UTF8.self) == #"{"Image":"busybox"}"#)
        body.config.entrypoint = []
        body.hostConfig?.autoRemove = true
        #expect(try EngineJSON.decode(ContainerCreateBody.self, from: body.text()) == body)
    }

    @Test func execBodyHasEveryField() throws {
        let full = #"""
            {"User": "a", "Privileged": true, "Tty": true, "ConsoleSize": [1, 2], "AttachStdin": true, "AttachStderr": true,
            "AttachStdout": true, "Detach": true, "DetachKeys": "b", "Env": ["C=d"], "WorkingDir": "/e", "Cmd": ["f", "g"]}
            """#
        let body = try EngineJSON.decode(ExecCreateBody.self, from: full.utf8)
        let text = try body.text()
        #expect(try EngineJSON.decode(ExecCreateBody.self, from: text) == body)
        guard case .object(let members) = try EngineJSON.decode(JSONValue.self, from: text) else { return #expect(Bool(false)) }
        #expect(members.count == 12)
    }
}
