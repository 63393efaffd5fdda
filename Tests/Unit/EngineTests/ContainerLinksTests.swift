import Essentials
import OCI
import Testing

@testable import Engine

@Suite struct ContainerLinksTests {
    @Test(arguments: [("web", "web", "web"), ("web:w", "web", "w"), ("/web:/mine/w", "web", "w")])
    func parses(text: String, target: String, alias: String) {
        let link = ContainerLinks.Link(text)
        #expect(link.target == target && link.alias == alias)
    }

    @Test func variables() throws {
        var settings = ContainerSettings(image: "i")
        settings.exposedPorts = ["80/tcp", "53/udp"]
        settings.environment = ["PATH=/bin", "X=1"]
        let target = ContainerRecord(
            id: "1", name: "web", createdAt: Timestamp(seconds: 0), settings: settings, program: ["p"],
            imageID: try Digest("sha256:" + String(repeating: "b", count: 64)),
            platform: Platform(os: "linux", architecture: "amd64"))
        #expect(
            ContainerLinks.environment(ContainerLinks.Link("web:my-web"), target: target, address: "10.0.0.2", child: "c") == [
                "MY_WEB_NAME=/c/my-web", "MY_WEB_PORT=udp://10.0.0.2:53", "MY_WEB_PORT_53_UDP=udp://10.0.0.2:53",
                "MY_WEB_PORT_53_UDP_ADDR=10.0.0.2", "MY_WEB_PORT_53_UDP_PORT=53", "MY_WEB_PORT_53_UDP_PROTO=udp",
                "MY_WEB_PORT_80_TCP=tcp://10.0.0.2:80", "MY_WEB_PORT_80_TCP_ADDR=10.0.0.2", "MY_WEB_PORT_80_TCP_PORT=80",
                "MY_WEB_PORT_80_TCP_PROTO=tcp", "MY_WEB_ENV_X=1",
            ])
    }
}
