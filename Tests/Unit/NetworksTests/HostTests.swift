import Essentials
import Glibc
import LinuxSystem
import Netlink
import Testing

@testable import Networks

/// On the real kernel, in namespaces of its own.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root: makes network namespaces, bridges and nftables rules"))
struct HostTests {
    private func request(
        _ id: String, _ network: String, _ namespace: OwnedDescriptor, ports: [PortRequest] = [], aliases: [String] = []
    ) -> AttachmentRequest {
        var request = AttachmentRequest(
            containerID: id + String(repeating: "0", count: 64 - id.count), containerName: id, network: network,
            namespace: namespace)
        request.ports = ports
        request.aliases = aliases
        return request
    }

    private func message(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch { return (error as? GantryError)?.description ?? "\(error)" }
    }

    @Test func containersOfANetworkReachEachOther() async throws {
        let play = try Playground()
        let before = try play.traces()
        let controller = try await play.controller()
        let (one, two) = (try makeNetworkNamespace(), try makeNetworkNamespace())
        let first = try await controller.attach(request("aa", "bridge", one))
        let second = try await controller.attach(request("bb", "bridge", two))
        #expect(first.ipv4Address == "172.17.0.2" && second.ipv4Address == "172.17.0.3" && first.gateway == "172.17.0.1")
        #expect(first.macAddress == "02:42:ac:11:00:02")
        try await play.serve("one:", in: one, port: 80)
        #expect(try Playground.ask("hello", "172.17.0.2", 80, in: two) == "one:hello.")
        #expect(try Playground.ask("host", "172.17.0.2", 80, in: play.host) == "one:host.")
        #expect(
            await message { _ = try await controller.attach(request("aa", "bridge", one)) }?.contains(
                "already exists in network bridge") == true)
        #expect(try play.traces() != before)
        try await controller.removeFromKernel()
        #expect(try play.traces() == before)
        try await play.end(controller)
    }

    @Test func publishedPorts() async throws {
        let play = try Playground()
        let controller = try await play.controller()
        let (one, two) = (try makeNetworkNamespace(), try makeNetworkNamespace())
        try await play.serve("web:", in: one, port: 80)
        try await play.serve("hidden:", in: one, port: 81)
        try await play.serveDatagrams("udp:", in: one, port: 53)
        let endpoint = try await controller.attach(
            request(
                "aa", "bridge", one,
                ports: [
                    PortRequest(containerPort: 80, hostPorts: 8080...8080),
                    PortRequest(containerPort: 53, transport: .udp, hostPorts: 5353...5353),
                    PortRequest(containerPort: 80, hostAddress: "127.0.0.1", hostPorts: 8081...8081),
                    PortRequest(containerPort: 80),
                ]))
        #expect(endpoint.ports.count == 7)
        #expect(
            endpoint.ports[0].hostAddress == "0.0.0.0" && endpoint.ports[1].hostAddress == "::"
                && endpoint.ports[1].hostPort == 8080)
        let outside = Playground.hostAddress
        #expect(try Playground.ask("a", "127.0.0.1", 8080, in: play.host) == "web:a.")
        #expect(try Playground.ask("b", "::1", 8080, in: play.host) == "web:b.")
        #expect(try Playground.ask("c", outside, 8080, in: play.host) == "web:c.")
        #expect(try Playground.ask("d", outside, 8080, in: play.neighbour) == "web:d.")
        #expect(try Playground.ask("e", outside, 8080, in: one) == "web:e.")
        #expect(try Playground.ask("f", "127.0.0.1", 8081, in: play.host) == "web:f.")
        #expect(try Playground.ask("g", "127.0.0.1", 5353, in: play.host, stream: false) == "udp:g")
        #expect(try Playground.ask("h", outside, 5353, in: play.neighbour, stream: false) == "udp:h")
        let large = [UInt8](repeating: 7, count: 3_000_000)
        #expect(try Playground.ask(large, "127.0.0.1", 8080, in: play.host)?.count == large.count + 5)
        // Not published, or published on loopback only: not reachable from outside, not even by the container's own address.
        #expect(try Playground.ask("x", outside, 8081, in: play.neighbour, patience: 1) == nil)
        #expect(try Playground.ask("x", "172.17.0.2", 81, in: play.neighbour, patience: 1) == nil)
        #expect(try Playground.ask("x", "172.17.0.2", 80, in: play.neighbour, patience: 1) == nil)

        let conflict = await message {
            _ = try await controller.attach(
                request("bb", "bridge", two, ports: [PortRequest(containerPort: 80, hostPorts: 8080...8080)]))
        }
        #expect(conflict?.hasPrefix("driver failed programming external connectivity on endpoint bb (") == true)
        #expect(conflict?.hasSuffix("): Bind for 0.0.0.0:8080 failed: port is already allocated") == true)
        let foreign = try NamespaceThread.run(in: play.host) {
            try BoundSocket.open(IPAddress(family: .v4, value: 0), port: 5000, isStream: true)
        }
        let taken = await message {
            _ = try await controller.attach(
                request("bb", "bridge", two, ports: [PortRequest(containerPort: 80, hostPorts: 5000...5000)]))
        }
        #expect(taken?.hasSuffix("failed to bind host port for 0.0.0.0:5000:172.17.0.3:80/tcp: address already in use") == true)
        #expect(foreign.raw >= 0)
        let ranged = try await controller.attach(
            request("bb", "bridge", two, ports: [PortRequest(containerPort: 80, hostPorts: 8080...8085)]))
        #expect(ranged.ports.first?.hostPort == 8082 || ranged.ports.first?.hostPort == 8081)

        await controller.detachAll(container: endpoint.containerID)
        #expect(try Playground.ask("x", outside, 8080, in: play.neighbour, patience: 1) == nil)
        #expect(try Playground.ask("x", "127.0.0.1", 8080, in: play.host, patience: 1) == nil)
        try await play.end(controller)
    }

    @Test func networksAreKeptApart() async throws {
        let play = try Playground()
        let controller = try await play.controller()
        let first = try await controller.create(NetworkSpecification(name: "n1"))
        var closed = NetworkSpecification(name: "n2")
        closed.isInternal = true
        closed.pools = [Network.Pool(subnet: "10.88.0.0/24", ipRange: "10.88.0.128/25", gateway: "10.88.0.1")]
        _ = try await controller.create(closed)
        #expect(first.pools.map(\.subnet) == ["172.18.0.0/16"] && first.pools[0].gateway == "172.18.0.1")
        let (one, two, three) = (try makeNetworkNamespace(), try makeNetworkNamespace(), try makeNetworkNamespace())
        let bridged = try await controller.attach(request("aa", "bridge", one))
        let user = try await controller.attach(request("bb", "n1", two))
        let inner = try await controller.attach(request("cc", "n2", three))
        #expect(inner.ipv4Address == "10.88.0.128" && inner.gateway == "")
        try await play.serve("user:", in: two, port: 80)
        try await play.serve("neighbour:", in: play.neighbour, port: 80)
        #expect(try Playground.ask("x", user.ipv4Address, 80, in: one, patience: 1) == nil)
        #expect(try Playground.ask("x", user.ipv4Address, 80, in: three, patience: 1) == nil)
        #expect(try Playground.ask("x", "198.51.100.2", 80, in: three, patience: 1) == nil)
        #expect(try Playground.ask("out", "198.51.100.2", 80, in: one) == "neighbour:out.")
        #expect(bridged.ipv4Address == "172.17.0.2")
        #expect(
            await message { try await controller.remove("n1") }?.contains(
                "error while removing network: network n1 has active endpoints (name:\"bb\"") == true)
        try await controller.detach(container: user.containerID, network: "n1")
        try await controller.remove("n1")
        #expect(await message { _ = try await controller.network("n1") } == "network n1 not found")
        try await play.end(controller)
    }

    @Test func neighboursCanBeKeptApart() async throws {
        let play = try Playground()
        let controller = try await play.controller()
        var specification = NetworkSpecification(name: "apart")
        specification.options = [BridgeOption.enableICC: "false"]
        _ = try await controller.create(specification)
        let (one, two) = (try makeNetworkNamespace(), try makeNetworkNamespace())
        let first = try await controller.attach(request("aa", "apart", one))
        _ = try await controller.attach(request("bb", "apart", two))
        try await play.serve("one:", in: one, port: 80)
        #expect(try Playground.ask("x", first.ipv4Address, 80, in: two, patience: 1) == nil)
        #expect(try Playground.ask("x", first.ipv4Address, 80, in: play.host) == "one:x.")
        try await play.end(controller)
    }

    @Test func otherAddressFamily() async throws {
        let play = try Playground()
        let controller = try await play.controller()
        var specification = NetworkSpecification(name: "six")
        specification.pools = [Network.Pool(subnet: "fd00:99::/64")]
        let network = try await controller.create(specification)
        #expect(network.enableIPv6 && network.pools.count == 2)
        let (one, two) = (try makeNetworkNamespace(), try makeNetworkNamespace())
        let first = try await controller.attach(request("aa", "six", one))
        _ = try await controller.attach(request("bb", "six", two))
        #expect(first.ipv6Address == "fd00:99::2" && first.ipv6Gateway == "fd00:99::1" && first.ipv6PrefixLength == 64)
        try await play.serve("one:", in: one, port: 80)
        #expect(try Playground.ask("x", first.ipv4Address, 80, in: two) == "one:x.")
        let routes = try RouteSocket.open(in: one).routes()
        #expect(routes.contains { $0.destination.prefixLength == 0 && $0.gateway?.description == "fd00:99::1" })
        try await play.end(controller)
    }

    @Test func names() async throws {
        let play = try Playground()
        let controller = try await play.controller()
        _ = try await controller.create(NetworkSpecification(name: "n1"))
        let (one, two) = (try makeNetworkNamespace(), try makeNetworkNamespace())
        let web = try await controller.attach(request("web", "n1", one, aliases: ["www"]))
        let asker = try await controller.attach(request("app", "n1", two))
        try await controller.startResolver(container: asker.containerID, namespace: two)
        func query(_ name: String) -> [UInt8] {
            [0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + (DNSMessage.encode(name) ?? []) + [0, 1, 0, 1]
        }
        for name in ["web", "www", "web.n1", "WWW.n1"] {
            let answer = try #require(try Playground.ask(query(name), Resolver.address, 53, in: two, stream: false))
            #expect(answer.suffix(4).elementsEqual(IPAddress(web.ipv4Address)?.bytes ?? []))
        }
        let framed = [0, UInt8(query("web").count)] + query("web")
        #expect(
            try Playground.ask(framed, Resolver.address, 53, in: two)?.suffix(4).elementsEqual(
                IPAddress(web.ipv4Address)?.bytes ?? []) == true)
        try await controller.rename(container: web.containerID, to: "shop")
        #expect(
            try Playground.ask(query("shop"), Resolver.address, 53, in: two, stream: false)?.suffix(4).elementsEqual(
                IPAddress(web.ipv4Address)?.bytes ?? []) == true)
        await controller.stopResolver(container: asker.containerID)
        #expect(try Playground.ask(query("web"), Resolver.address, 53, in: two, stream: false, patience: 1) == nil)
        try await play.end(controller)
    }

    @Test func aNewDaemonTakesOver() async throws {
        let play = try Playground()
        let first = try await play.controller()
        let (kept, lost) = (try makeNetworkNamespace(), try makeNetworkNamespace())
        let ports = [PortRequest(containerPort: 80, hostPorts: 8080...8080)]
        let endpoint = try await first.attach(request("aa", "bridge", kept, ports: ports))
        let dead = try await first.attach(request("bb", "bridge", lost))
        try await play.serve("kept:", in: kept, port: 80)
        await first.shutdown()
        #expect(try Playground.ask("x", Playground.hostAddress, 8080, in: play.neighbour) == "kept:x.")
        let second = try await play.controller(running: [endpoint.containerID])
        #expect(await second.endpoints(ofContainer: endpoint.containerID) == [endpoint])
        #expect(await second.endpoints(ofContainer: dead.containerID).isEmpty)
        #expect(try !play.traces().contains(dead.hostInterfaceName) && play.traces().contains(endpoint.hostInterfaceName))
        try await second.restore(container: endpoint.containerID, namespace: kept)
        #expect(try Playground.ask("y", "127.0.0.1", 8080, in: play.host) == "kept:y.")
        #expect(try Playground.ask("z", Playground.hostAddress, 8080, in: play.neighbour) == "kept:z.")
        try await play.end(second)
    }

    @Test func refusalsInDockersWords() async throws {
        let play = try Playground()
        let controller = try await play.controller()
        func refusal(_ name: String, _ change: (inout NetworkSpecification) -> Void = { _ in }) async -> String? {
            var specification = NetworkSpecification(name: name)
            change(&specification)
            let final = specification
            return await message { _ = try await controller.create(final) }
        }
        #expect(await refusal("n1") == nil)
        #expect(await refusal("n1") == "network with name n1 already exists")
        #expect(await refusal("bridge") == "operation is not permitted on predefined bridge network")
        #expect(await refusal("n2") { $0.driver = "nosuch" } == "plugin \"nosuch\" not found")
        #expect(await refusal("n2") { $0.driver = "host" } == "only one instance of \"host\" network is allowed")
        #expect(
            await refusal("n2") { $0.pools = [Network.Pool(subnet: "172.17.4.0/24")] }
                == "invalid pool request: Pool overlaps with other one on this address space")
        #expect(await message { try await controller.remove("bridge") } == "bridge is a pre-defined network and cannot be removed")
        #expect(await message { try await controller.remove("nosuch") } == "network nosuch not found")
        #expect(await refusal("n6") { $0.enableIPv6 = true } == nil)
        #expect(try await controller.prune { _ in true } == ["n1", "n6"])
        let space = try makeNetworkNamespace()
        var wrong = request("aa", "bridge", space)
        wrong.ipv4Address = "172.17.0.9"
        let asked = wrong
        #expect(
            await message { _ = try await controller.attach(asked) }?.hasSuffix(
                "user specified IP address is supported only when connecting to networks with user configured subnets") == true)
        try await play.end(controller)
    }
}
