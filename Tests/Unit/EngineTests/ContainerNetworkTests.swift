import Essentials
import Networks
import Testing

@testable import Engine

@Suite struct GatewayChoiceTests {
    private func candidate(
        _ name: String, priority: Int = 0, isInternal: Bool = false, driver: String = "bridge"
    ) -> GatewayChoice.Candidate {
        var network = Network(id: "id-\(name)", name: name, driver: driver, createdAt: Timestamp(seconds: 0))
        network.isInternal = isInternal
        return GatewayChoice.Candidate(network: network, priority: priority)
    }

    @Test func nothingLeadsOut() {
        #expect(GatewayChoice.best([]) == nil)
        #expect(GatewayChoice.best([candidate("a", isInternal: true), candidate("none", driver: "null")]) == nil)
    }

    @Test func priorityThenName() {
        #expect(GatewayChoice.best([candidate("c"), candidate("b"), candidate("a", isInternal: true)]) == "id-b")
        #expect(GatewayChoice.best([candidate("b"), candidate("c", priority: 1)]) == "id-c")
        #expect(GatewayChoice.best([candidate("b", priority: -1), candidate("c")]) == "id-c")
        // A priority does not make a way out of one that has none.
        #expect(GatewayChoice.best([candidate("a", priority: 9, isInternal: true), candidate("b")]) == "id-b")
    }
}

@Suite struct LinkSettingsTests {
    private func settings(_ options: [String: String], linkLocal: [String] = []) -> NetworkAttachmentSettings {
        var result = NetworkAttachmentSettings()
        result.driverOptions = options
        result.linkLocalAddresses = linkLocal
        return result
    }

    @Test func nameAndSysctls() throws {
        let link = try LinkSettings(
            settings(
                [
                    "com.docker.network.endpoint.ifname": "lan0",
                    "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.neigh.ifname.x=a=b",
                ], linkLocal: ["169.254.1.2"]))
        #expect(link.interfaceName == "lan0" && link.linkLocalAddresses == ["169.254.1.2"])
        #expect(link.sysctls.map(\.path) == ["net/ipv4/conf/IFNAME/log_martians", "net/ipv6/neigh/IFNAME/x"])
        #expect(link.sysctls.map(\.value) == ["1", "a=b"])
        #expect(try LinkSettings(settings([:])).interfaceName == nil)
    }

    @Test(arguments: ["lo", "..", "a b", "a/b", "a:b", "a%d", "sixteen-letters-"])
    func refusesNames(_ name: String) {
        #expect(throws: GantryError.self) { try LinkSettings(settings(["com.docker.network.endpoint.ifname": name])) }
    }

    @Test(arguments: [
        "x", "net.ipv4.conf.IFNAME.x", "net.ipv4.conf.eth0.x=1", "kernel.a.b.IFNAME.x=1", "net.ipv4.conf.IFNAME..=1",
        "net.ipv4.conf.IFNAME.a/b=1", "net.ipv4.conf.IFNAME.x=1\n2",
    ])
    func refusesSysctls(_ text: String) {
        #expect(throws: GantryError.self) { try LinkSettings(settings(["com.docker.network.endpoint.sysctls": text])) }
    }

    @Test(arguments: ["10.0.0.1", "fe80::1", "words", "169.254.1"])
    func refusesLinkLocalAddresses(_ text: String) {
        #expect(throws: GantryError.self) { try LinkSettings(settings([:], linkLocal: [text])) }
    }
}
