import DockerAPI
import Testing

@Suite struct FieldTests {
    private func text(_ value: some Encodable) throws -> String { String(decoding: try EngineJSON.encode(value), as: UTF8.self) }

    private func members(_ value: some Encodable) throws -> [String: JSONValue] {
        guard case .object(let members) = try EngineJSON.decode(JSONValue.self, from: try EngineJSON.encode(value)) else {
            return [:]
        }
        return members
    }

    @Test func absentAndNullAreBlank() throws {
        let config = try EngineJSON.decode(
            ContainerConfig.self, from: #"{"Hostname":null,"Env":null,"Labels":null,"Unknown":[1]}"#.utf8)
        #expect(config == ContainerConfig())
    }

    @Test func blankIsWrittenAsGoWritesIt() throws {
        let config = try members(ContainerConfig())
        #expect(config["Hostname"] == .string(""))
        #expect(config["Env"] == .null)
        #expect(config["Entrypoint"] == .null)
        #expect(config["ExposedPorts"] == nil)
        #expect(config["StopSignal"] == nil)
        let host = try members(HostConfig())
        #expect(host["Binds"] == .null)
        #expect(host["Mounts"] == nil)
        #expect(host["PidsLimit"] == .null)
        #expect(host["Init"] == nil)
        #expect(host["MaskedPaths"] == .null)
        let created = ContainerCreateResponse()
        #expect(try members(created)["Warnings"] == .array([]))
    }

    @Test func commandsAreListsOrText() throws {
        #expect(try EngineJSON.decode(ContainerConfig.self, from: #"{"Cmd":"echo hi"}"#.utf8).cmd == ["echo hi"])
        #expect(try EngineJSON.decode(ContainerConfig.self, from: #"{"Cmd":["a","b"]}"#.utf8).cmd == ["a", "b"])
        #expect(try EngineJSON.decode(ContainerConfig.self, from: #"{"Cmd":[]}"#.utf8).cmd == [])
        #expect(throws: (any Error).self) { try EngineJSON.decode(ContainerConfig.self, from: #"{"Cmd":5}"#.utf8) }
    }

    @Test func createBodyIsFlat() throws {
        let json = """
            {"Image":"busybox","Cmd":["sh"],"Volumes":{"/data":{}},"ExposedPorts":{"80/tcp":{}},
             "HostConfig":{"Memory":67108864,"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":null},
              "Mounts":[{"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true}],"MaskedPaths":[]},
             "NetworkingConfig":{"EndpointsConfig":{"n":{"IPAMConfig":{"IPv4Address":"10.0.0.5"},"Aliases":["x"]}}}}
            """
        let body = try EngineJSON.decode(ContainerCreateBody.self, from: json.utf8)
        #expect(body.config.image == "busybox")
        #expect(body.config.volumes?["/data"] != nil)
        #expect(body.hostConfig?.memory == 67_108_864)
        #expect(body.hostConfig?.maskedPaths == [])
        #expect(body.hostConfig?.readonlyPaths == nil)
        #expect(body.hostConfig?.portBindings["80/tcp"]??.first?.hostPort == "8080")
        #expect(body.hostConfig?.mounts.first?.readOnly == true)
        #expect(body.networkingConfig?.endpointsConfig["n"]?.ipamConfig?.ipv4Address == "10.0.0.5")
        let again = try EngineJSON.decode(ContainerCreateBody.self, from: try EngineJSON.encode(body))
        #expect(again == body)
        #expect(try members(body)["Image"] == .string("busybox"))
    }

    @Test func requestsMayWriteFieldsInAnyCase() throws {
        let json = #"{"image":"busybox","LABELS":{"Image":"kept","hostconfig":"kept"},"hostconfig":{"MEMORY":1}}"#
        let body = try EngineJSON.decodeRequest(ContainerCreateBody.self, from: json.utf8)
        #expect(body.config.image == "busybox")
        #expect(body.hostConfig?.memory == 1)
        #expect(body.config.labels == ["Image": "kept", "hostconfig": "kept"])
    }

    @Test func inspectReadsWhatDockerWrites() throws {
        let json = """
            {"Id":"aa","Created":"2026-11-23T19:09:34.632462989Z","Path":"sleep","Args":["1000"],
             "State":{"Status":"running","Running":true,"Pid":3,"ExitCode":0,"StartedAt":"x","FinishedAt":"0001-01-01T00:00:00Z"},
             "Name":"/c1","ExecIDs":null,"HostConfig":{"ConsoleSize":[0,0],"PortBindings":null},
             "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"32769"}],"81/tcp":null},
              "Networks":{"bridge":{"IPAMConfig":null,"IPAddress":"172.17.0.2","DNSNames":null}}}}
            """
        let inspect = try EngineJSON.decode(ContainerInspect.self, from: json.utf8)
        #expect(inspect.state.running)
        #expect(inspect.networkSettings.ports["80/tcp"]??.first?.hostPort == "32769")
        #expect(inspect.networkSettings.ports["81/tcp"] == .some(nil))
        #expect(inspect.networkSettings.networks["bridge"]?.ipAddress == "172.17.0.2")
        #expect(try text(inspect.networkSettings).contains(#""81/tcp":null"#))
    }

    @Test func slashesAreNotEscaped() throws {
        #expect(try text(["a/b<c>&"]) == #"["a/b<c>&"]"#)
    }

    @Test func fieldsKeepTheirOrderAndMapsAreSorted() throws {
        var volume = Volume()
        volume.name = "v"
        volume.labels = ["b": "2", "a": "1", "c": "3"]
        #expect(
            try text(volume)
                == #"{"Driver":"","Labels":{"a":"1","b":"2","c":"3"},"Mountpoint":"","Name":"v","Options":null,"Scope":""}"#)
        let body = try text(ContainerCreateBody(config: ContainerConfig(), hostConfig: HostConfig()))
        #expect(body.hasPrefix(#"{"Hostname":"","Domainname":""#))
        #expect(body.hasSuffix(#""ReadonlyPaths":null}}"#))
    }

    @Test func textIsEscaped() throws {
        let odd = "a\"\\\u{1}\u{1B}\n\r\té\u{1F433}"
        #expect(try text([odd]) == #"["a\"\\\u0001\u001b\n\r\té🐳"]"#)
        #expect(try EngineJSON.decode([String].self, from: try EngineJSON.encode([odd])) == [odd])
        let mixed = JSONValue.object(["x": .array([.null, .bool(true), .integer(-5), .number(0.5)])])
        #expect(try text(mixed) == #"{"x":[null,true,-5,0.5]}"#)
        #expect(throws: EncodingError.self) { try EngineJSON.encode([Double.infinity]) }
        let nothing: [String]? = nil
        #expect(try text(nothing) == "null")
    }

    @Test func statisticsUseTheNamesClientsCompute() throws {
        var stats = Stats()
        stats.cpuStats.cpuUsage.totalUsage = 7
        stats.previousCPUStats.systemCpuUsage = 9
        let members = try members(stats)
        #expect(members["cpu_stats"]?["cpu_usage"]?["total_usage"] == .integer(7))
        #expect(members["precpu_stats"]?["system_cpu_usage"] == .integer(9))
        #expect(members["blkio_stats"]?["io_service_bytes_recursive"] == .null)
        #expect(members["networks"] == nil)
    }

    @Test func progressLines() throws {
        let line = try EngineJSON.progressLine(JSONMessage(status: "Preparing", id: "3a", progressDetail: ProgressDetail()))
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.hasSuffix("}\r\n"))
        let back = try EngineJSON.decode(JSONMessage.self, from: line)
        #expect(back.progressDetail == ProgressDetail())
        #expect(back.stream == nil)
        let failed = JSONMessage.failure("it broke", code: 5)
        #expect(failed.error == failed.errorDetail?.message)
        #expect(try members(failed)["errorDetail"]?["code"] == .integer(5))
    }
}
