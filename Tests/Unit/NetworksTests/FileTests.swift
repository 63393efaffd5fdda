import Testing

@testable import Networks

@Suite struct FileTests {
    private let host = ResolverFile(
        parsing: "# c\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch a.example b.example\noptions edns0\n")

    @Test func defaultBridgeDropsLoopback() {
        let text = host.textForDefaultBridge()
        #expect(text.contains("nameserver 192.0.2.53\nsearch a.example b.example\noptions edns0\n"))
        #expect(!text.contains("127.0.0.53"))
        #expect(text.contains("# Overrides: []\n"))
    }

    @Test func nothingReachableFallsBack() {
        #expect(
            ResolverFile(servers: ["127.0.0.1", "::1"]).textForDefaultBridge().contains("nameserver 8.8.8.8\nnameserver 8.8.4.4\n"))
    }

    @Test func overrides() {
        let text = host.textForDefaultBridge(servers: ["9.9.9.9"], search: ["example.com"], options: ["ndots:3"])
        #expect(text.contains("\nnameserver 9.9.9.9\nsearch example.com\noptions ndots:3\n\n"))
        #expect(text.hasSuffix("# Overrides: [nameservers search options]\n# Option ndots from: override\n"))
    }

    @Test func embedded() {
        let text = ResolverFile(servers: ["192.0.2.53"]).textForEmbeddedResolver()
        #expect(text.contains("\nnameserver 127.0.0.11\noptions ndots:0\n\n"))
        #expect(text.contains("# ExtServers: [192.0.2.53]\n"))
        #expect(text.hasSuffix("# Option ndots from: internal\n"))
    }

    @Test func hosts() {
        let text = HostsFile.text(
            hostname: "myhost", domainName: "example.com", addresses: ["172.17.0.2"], extra: [("gw", "172.17.0.1")])
        #expect(text.hasPrefix("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"))
        #expect(text.hasSuffix("ff02::2\tip6-allrouters\n172.17.0.1\tgw\n172.17.0.2\tmyhost.example.com myhost\n"))
    }

    @Test func rulesNameOnlyOurTables() {
        var rules = RuleSet(table: "gantry_test")
        rules.bridges = [.init(name: "br-1", subnets4: ["10.0.0.0/24"], subnets6: [], isInternal: false, masquerades: true)]
        rules.ports = [
            .init(transport: "tcp", hostAddress: "0.0.0.0", hostPort: 8080, containerAddress: "10.0.0.2", containerPort: 80),
            .init(transport: "udp", hostAddress: "127.0.0.1", hostPort: 53, containerAddress: "10.0.0.2", containerPort: 53),
            .init(transport: "tcp", hostAddress: "192.0.2.1", hostPort: 81, containerAddress: "10.0.0.2", containerPort: 80),
        ]
        let text = rules.text
        #expect(text.contains("add element ip gantry_test published { tcp . 8080 : 10.0.0.2 . 80 }\n"))
        #expect(text.contains("add element ip gantry_test loopback_ports { udp . 53 }\n"))
        #expect(text.contains("add element ip gantry_test published_on { tcp . 192.0.2.1 . 81 : 10.0.0.2 . 80 }\n"))
        for line in text.split(separator: "\n") where line.contains("table ip") { #expect(line.contains("gantry_test")) }
    }
}
