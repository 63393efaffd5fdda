import Testing

@testable import Netlink

@Suite struct MessageTests {
    @Test func bridgeRequestByBytes() {
        let bytes = RouteSocket.createMessage(name: "br0", kind: "bridge", mtu: 1500, address: nil).finished(sequence: 7)
        #expect(
            bytes == [
                64, 0, 0, 0, 16, 0, 0x05, 0x06, 7, 0, 0, 0, 0, 0, 0, 0,  // length, type, flags, sequence, port
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // ifinfomsg
                8, 0, 3, 0, 98, 114, 48, 0,  // IFLA_IFNAME br0
                8, 0, 4, 0, 0xdc, 5, 0, 0,  // IFLA_MTU 1500
                16, 0, 18, 0x80, 10, 0, 1, 0, 98, 114, 105, 100, 103, 101, 0, 0,  // IFLA_LINKINFO { IFLA_INFO_KIND bridge }
            ])
    }

    @Test func addressRequestByBytes() {
        let bytes = RouteSocket.addressMessage(IPAddress(family: .v4, value: 0x0a00_0001), prefixLength: 24, link: 3).finished(
            sequence: 1)
        #expect(
            bytes[16...].elementsEqual([
                2, 24, 0, 0, 3, 0, 0, 0, 8, 0, 2, 0, 10, 0, 0, 1, 8, 0, 1, 0, 10, 0, 0, 1, 8, 0, 4, 0, 10, 0, 0, 255,
            ]))
    }

    @Test func defaultRouteByBytes() {
        let message = RouteSocket.routeMessage(type: 24, flags: RequestFlags.replace, IPAddress(family: .v4, value: 0x0a00_0001), 2)
        #expect(
            message.finished(sequence: 1)[16...].elementsEqual([
                2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0, 8, 0, 5, 0, 10, 0, 0, 1, 8, 0, 4, 0, 2, 0, 0, 0,
            ]))
    }

    /// Lengths that lie end the list; nothing is read behind the end.
    @Test(arguments: [
        [UInt8](arrayLiteral: 3, 0, 1, 0, 1, 2, 3, 4), [200, 0, 1, 0, 1, 2, 3, 4], [8, 0, 1], [0, 0, 0, 0],
        [255, 255, 255, 255, 255],
    ])
    func hostileAttributes(bytes: [UInt8]) {
        let reader = AttributeReader(bytes[...])
        #expect(reader.bytes(1) == nil)
    }

    @Test func shortValuesAreNil() {
        let reader = AttributeReader([6, 0, 4, 0, 1, 2, 0, 0, 8, 0, 3, 0, 97, 98, 0, 0][...])
        #expect(reader.integer(4, as: UInt32.self) == nil)
        #expect(reader.integer(4, as: UInt16.self) == 0x0201)
        #expect(reader.text(3) == "ab")
        #expect(RouteSocket.link([0, 0, 0][...]) == nil)
    }

    @Test func nestedAttributes() {
        var message = NetlinkMessage(type: 0, flags: 0)
        message.nested(5) { $0.nested(6) { $0.attribute(7, text: "x") } }
        let reader = AttributeReader(message.finished(sequence: 0)[16...])
        #expect(reader.nested(5)?.nested(6)?.text(7) == "x")
    }
}
