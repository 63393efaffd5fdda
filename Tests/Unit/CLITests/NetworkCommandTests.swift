import DockerAPI
import Essentials
import Testing

@testable import CLI

@Suite("Network and build flags") struct NetworkCommandTests {
    private func parse<Command: EngineCommand>(_ type: Command.Type, _ words: String...) throws -> Command {
        guard case .run(let command) = try CommandParser.parse(type, name: "gantry", words), let own = command as? Command else {
            throw GantryError.internal("not parsed")
        }
        return own
    }

    @Test("subnets take their ranges, gateways and addresses")
    func pools() throws {
        let command = try parse(
            NetworkCreateCommand.self, "--subnet", "10.88.0.0/24", "--gateway=10.88.0.1", "--ip-range", "10.88.0.128/25", "--label",
            "a=b",
            "-o", "com.docker.network.bridge.name=br88", "--internal", "--aux-address", "h=10.88.0.9", "n2")
        let body = try command.body()
        #expect(body.name == "n2" && body.isInternal && body.labels == ["a": "b"] && body.enableIPv6 == nil)
        #expect(body.options == ["com.docker.network.bridge.name": "br88"])
        let pool = try #require(body.ipam?.config.first)
        #expect(pool.subnet == "10.88.0.0/24" && pool.gateway == "10.88.0.1" && pool.ipRange == "10.88.0.128/25")
        #expect(pool.auxiliaryAddresses == ["h": "10.88.0.9"])
        #expect(try parse(NetworkCreateCommand.self, "--ipv6", "--ipv4=false", "n").body().enableIPv6 == true)
        #expect(try parse(NetworkCreateCommand.self, "--ipv6", "--ipv4=false", "n").body().enableIPv4 == false)
    }

    @Test("what has no subnet is refused in docker's words")
    func poolErrors() {
        func message(_ words: [String]) -> String? {
            do {
                guard case .run(let command) = try CommandParser.parse(NetworkCreateCommand.self, name: "x", words + ["n"]) else {
                    return nil
                }
                _ = try (command as? NetworkCreateCommand)?.body()
                return nil
            } catch { return (error as? GantryError)?.message }
        }
        #expect(message(["--gateway", "10.1.1.1"]) == "every ip-range or gateway must have a corresponding subnet")
        #expect(message(["--subnet", "10.78.0.0/24", "--gateway", "10.1.1.1"]) == "no matching subnet for gateway 10.1.1.1")
        #expect(
            message(["--subnet", "10.0.0.0/8", "--subnet", "10.1.0.0/16"])
                == "multiple overlapping subnet configuration is not supported")
    }

    @Test("ranges contain addresses of their own family")
    func ranges() {
        #expect(AddressPools.contains("10.0.0.0/9", "10.127.3.4"))
        #expect(!AddressPools.contains("10.0.0.0/9", "10.128.3.4"))
        #expect(AddressPools.contains("fd00:99::/64", "fd00:99::1"))
        #expect(!AddressPools.contains("0.0.0.0/0", "::1"))
        #expect(!AddressPools.contains("10.0.0.0/33", "10.0.0.1") && !AddressPools.contains("foo", "10.0.0.1"))
    }

    @Test("connect")
    func connect() throws {
        let body = try parse(
            NetworkConnectCommand.self, "--ip", "10.77.0.9", "--alias", "a,b", "--link", "c1:z", "--gw-priority=-3", "n", "c"
        ).body()
        #expect(body.container == "c" && body.endpointConfig?.aliases == ["a", "b"] && body.endpointConfig?.gwPriority == -3)
        #expect(body.endpointConfig?.ipamConfig?.ipv4Address == "10.77.0.9")
        #expect(throws: UsageError.self) { try parse(NetworkConnectCommand.self, "--ip", "x", "n", "c").body() }
    }

    @Test("build: --explain takes a word or none; what is not offered is refused")
    func build() throws {
        let plain = try parse(BuildCommand.self, "--explain", ".")
        #expect(plain.explain && !plain.explainJson && plain.operands == ["."])
        let json = try parse(BuildCommand.self, "--explain=json", "-t", "a", "-t=b", ".")
        #expect(json.explainJson && json.tag == ["a", "b"])
        #expect(throws: UsageError.self) { try parse(BuildCommand.self, "--explain=loudly", ".") }
        #expect(throws: GantryError.self) { try parse(BuildCommand.self, "--compress", ".").others.refuse() }
        try parse(BuildCommand.self, "--provenance=false", "--load", "--output=type=docker", ".").others.refuse()
        #expect(try BuildOutput("out").kind == .folder("out") && BuildOutput("-").kind == .tar(nil))
        #expect(try BuildOutput("type=oci,dest=x,tar=false").kind == .layout("x", isTar: false))
        let pushed = try BuildOutput("type=image,\"name=a,b\",push=true")
        #expect(pushed.kind == .image(pushes: true) && pushed.names == ["a", "b"])
        #expect(throws: GantryError.self) { try BuildOutput("type=local,dest=x,mode=delete") }
        #expect(throws: UsageError.self) { try BuildOutput("type=floppy") }
        #expect(try BuildCall("check,format=json") == BuildCall("lint,format=json"))
        #expect(throws: UsageError.self) { try BuildCall("dance") }
        #expect(BuildCommand.source("https://x/y.git#main") == .remote("https://x/y.git#main"))
        #expect(BuildCommand.source("-") == .standardInput && BuildCommand.source("./a") == .directory("./a"))
    }

    @Test("history and volume flags")
    func others() throws {
        #expect(try !parse(HistoryCommand.self, "-H=false", "x").human)
        #expect(try parse(HistoryCommand.self, "x").human)
        let volume = try parse(VolumeCreateCommand.self, "--opt", "type=tmpfs", "--opt", "o=size=1m", "v").body()
        #expect(volume.driverOpts == ["type": "tmpfs", "o": "size=1m"] && volume.labels == nil)
        #expect(try parse(ImageListShortcut.self, "-aq", "--filter", "dangling=true", "foo").command.filter == ["dangling=true"])
    }
}
