import Testing

@testable import Networks

@Suite struct NameTests {
    private func query(_ name: String, type: UInt16) -> [UInt8] {
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + (DNSMessage.encode(name) ?? []) + [0, UInt8(type), 0, 1]
    }

    private func endpoint(_ container: String, _ address: String, network: String = "n1", names: [String]) -> Endpoint {
        Endpoint(
            id: "e\(container)\(network)", networkID: network, networkName: network, containerID: container,
            containerName: names[0], names: names,
            ipv4Address: address, ipv4PrefixLength: 16, gateway: "", macAddress: "", interfaceName: "eth0", hostInterfaceName: "")
    }

    @Test func answersByBytes() throws {
        let message = try #require(DNSMessage(query: query("Web.n1", type: 1)))
        #expect(message.question.name == "web.n1")
        #expect(
            message.response(.noError, answers: [.address([10, 0, 0, 2])]) == [
                0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 3, 87, 101, 98, 2, 110, 49, 0, 0, 1, 0, 1,
                0xc0, 12, 0, 1, 0, 1, 0, 0, 2, 88, 0, 4, 10, 0, 0, 2,
            ])
        let short = message.response(.noError, answers: [.address([10, 0, 0, 2]), .address([10, 0, 0, 3])], limit: 45)
        #expect(short[2] & 2 == 2)
        #expect(short[7] == 1)
    }

    /// Loops, forward pointers, labels and names that are too long, ends in the middle: nil, and no harm.
    @Test(
        arguments: [
            [0xc0, 12, 0, 1, 0, 1], [0xc0, 14, 0xc0, 12, 0, 1, 0, 1], [63, 1, 2], [1, 97], [1, 97, 0xc0], [0x80, 0, 0, 1, 0, 1],
            [0, 0, 1, 0], [],
            Array([[UInt8]](repeating: [63] + [UInt8](repeating: 97, count: 63), count: 5).joined()) + [0, 0, 1, 0, 1],
        ] as [[UInt8]])
    func hostileNames(name: [UInt8]) {
        #expect(DNSMessage(query: [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name) == nil)
    }

    @Test func noQueryAtAll() {
        #expect(DNSMessage(query: [0, 1, 2]) == nil)
        #expect(DNSMessage(query: [0, 1, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]) == nil)
        #expect(DNSMessage(query: [0, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]) == nil)
    }

    @Test func reverseNames() {
        #expect(DNSMessage.reverseAddress("2.0.22.172.in-addr.arpa") == [172, 22, 0, 2])
        #expect(DNSMessage.reverseAddress("0.22.172.in-addr.arpa") == nil)
        let loopback = "1." + String(repeating: "0.", count: 31) + "ip6.arpa"
        #expect(DNSMessage.reverseAddress(loopback) == [UInt8](repeating: 0, count: 15) + [1])
    }

    @Test func whoKnowsWhom() throws {
        let table = NameTable()
        table.insert(endpoint("c1", "10.0.0.2", names: ["web", "www", "c1short"]))
        table.insert(endpoint("c2", "10.0.0.3", names: ["db", "www"]))
        table.insert(endpoint("c3", "10.1.0.2", network: "n2", names: ["other"]))
        func ask(_ name: String, _ type: UInt16 = 1, by container: String = "c2") throws -> NameTable.Lookup {
            table.lookup(try #require(DNSMessage(query: query(name, type: type))).question, for: container)
        }
        #expect(try ask("WEB") == .init(isKnown: true, answers: [.address([10, 0, 0, 2])]))
        #expect(try ask("web.n1").answers.count == 1)
        #expect(try ask("www").answers.count == 2)
        #expect(try ask("www").answers != ask("www").answers)
        #expect(try ask("web", 28) == .init(isKnown: true, answers: []))
        #expect(try ask("other") == .init(isKnown: false, answers: []))
        #expect(try ask("web", by: "c3").isKnown == false)
        #expect(try ask("2.0.0.10.in-addr.arpa", 12).answers == [.pointer("web.n1")])
    }

    @Test func linksArePrivate() throws {
        let table = NameTable()
        table.insert(endpoint("c1", "10.0.0.2", names: ["web"]))
        var linked = endpoint("c2", "10.0.0.3", names: ["app"])
        linked.links = ["backend": "web"]
        table.insert(linked)
        let question = try #require(DNSMessage(query: query("backend", type: 1))).question
        #expect(table.lookup(question, for: "c2").answers == [.address([10, 0, 0, 2])])
        #expect(table.lookup(question, for: "c1").isKnown == false)
    }

    @Test func internalNetworksDoNotForward() {
        let table = NameTable()
        table.insert(endpoint("c1", "10.0.0.2", names: ["web"]))
        #expect(table.mayForward("c1"))
        table.setInternals(["n1"])
        #expect(!table.mayForward("c1"))
    }
}
