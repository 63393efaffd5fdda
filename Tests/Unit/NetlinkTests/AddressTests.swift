import Testing

@testable import Netlink

@Suite struct AddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("::", "::"), ("fd00:0:0:1::5", "fd00:0:0:1::5"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "::ffff:102:304"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ])
    func readsAndWrites(text: String, canonical: String) { #expect(IPAddress(text)?.description == canonical) }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.+4", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::",
        "fe80::1%eth0", "::+1",
    ])
    func refuses(text: String) { #expect(IPAddress(text) == nil) }

    @Test func blocks() throws {
        let block = try #require(IPSubnet("172.17.3.4/16"))
        #expect(block.description == "172.17.0.0/16")
        #expect(block.last.description == "172.17.255.255")
        #expect(try block.contains(#require(IPAddress("172.17.9.9"))))
        #expect(try block.overlaps(#require(IPSubnet("172.16.0.0/12"))))
        #expect(try !block.overlaps(#require(IPSubnet("172.18.0.0/16"))))
        #expect(try #require(IPSubnet("0.0.0.0/0")).contains(#require(IPAddress("255.255.255.255"))))
        #expect(try #require(IPSubnet("::/0")).last.value == .max)
        #expect(IPSubnet("10.0.0.0/33") == nil)
        #expect(IPSubnet("10.0.0.0/+8") == nil)
    }

    @Test func hardwareAddresses() throws {
        #expect(MACAddress("02:42:ac:11:00:02")?.description == "02:42:ac:11:00:02")
        #expect(MACAddress(derivedFrom: try #require(IPAddress("172.17.0.2"))).description == "02:42:ac:11:00:02")
        #expect(MACAddress("02:42:ac:11:00") == nil)
        #expect(MACAddress("0242:ac:11:00:02:") == nil)
    }
}
