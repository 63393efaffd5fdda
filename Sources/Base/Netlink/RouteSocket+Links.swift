internal import CLinux
package import LinuxSystem

extension RouteSocket {
    static func linkMessage(type: Int, flags: UInt16, index: Int32 = 0, set: UInt32 = 0, mask: UInt32 = 0) -> NetlinkMessage {
        var message = NetlinkMessage(type: UInt16(type), flags: flags)
        message.append(UInt8(0))
        message.append(UInt8(0))
        message.append(UInt16(0))
        message.append(index)
        message.append(set)
        message.append(mask)
        return message
    }

    /// All links of the namespace.
    package func links() throws(SystemError) -> [Link] {
        try exchange("list links", "", Self.linkMessage(type: Int(RTM_GETLINK), flags: RequestFlags.dump)).compactMap {
            Self.link($0.body)
        }
    }

    /// The link called `name`, or nil.
    package func link(named name: String) throws(SystemError) -> Link? {
        var message = Self.linkMessage(type: Int(RTM_GETLINK), flags: RequestFlags.change)
        message.attribute(Int(IFLA_IFNAME), text: name)
        do throws(SystemError) {
            return try exchange("get link", name, message).lazy.compactMap { Self.link($0.body) }.first
        } catch  where error.errno == ENODEV { return nil }
    }

    /// Decodes the body of RTM_NEWLINK; nil when it is too short.
    static func link(_ body: ArraySlice<UInt8>) -> Link? {
        guard let index = body.loadInteger(at: 4, as: Int32.self), let flags = body.loadInteger(at: 8, as: UInt32.self),
            body.count >= 16
        else { return nil }
        let attributes = AttributeReader(body.dropFirst(16))
        guard let name = attributes.text(Int(IFLA_IFNAME)) else { return nil }
        var link = Link(index: index, name: name)
        link.kind = attributes.nested(Int(IFLA_LINKINFO))?.text(Int(IFLA_INFO_KIND)) ?? ""
        link.alias = attributes.text(Int(IFLA_IFALIAS)) ?? ""
        link.mtu = attributes.integer(Int(IFLA_MTU), as: UInt32.self) ?? 0
        link.master = attributes.integer(Int(IFLA_MASTER), as: Int32.self) ?? 0
        link.isUp = flags & 1 != 0
        link.address = attributes.bytes(Int(IFLA_ADDRESS)).flatMap { MACAddress(bytes: Array($0)) }
        return link
    }

    /// Makes a bridge, down, without address. - Returns: its index.
    package func createBridge(name: String, mtu: UInt32?, address: MACAddress? = nil) throws(SystemError) -> Int32 {
        try createSimple(name: name, kind: "bridge", mtu: mtu, address: address)
    }

    /// Makes a dummy link. - Returns: its index.
    package func createDummy(name: String, mtu: UInt32? = nil) throws(SystemError) -> Int32 {
        try createSimple(name: name, kind: "dummy", mtu: mtu, address: nil)
    }

    private func createSimple(name: String, kind: String, mtu: UInt32?, address: MACAddress?) throws(SystemError) -> Int32 {
        try perform("create \(kind)", name, Self.createMessage(name: name, kind: kind, mtu: mtu, address: address))
        guard let link = try link(named: name) else { throw SystemError("create \(kind)", name, errno: ENODEV) }
        return link.index
    }

    static func createMessage(name: String, kind: String, mtu: UInt32?, address: MACAddress?) -> NetlinkMessage {
        var message = linkMessage(type: Int(RTM_NEWLINK), flags: RequestFlags.create)
        message.attribute(Int(IFLA_IFNAME), text: name)
        if let mtu { message.attribute(Int(IFLA_MTU), mtu) }
        if let address { message.attribute(Int(IFLA_ADDRESS), address.bytes) }
        message.nested(Int(IFLA_LINKINFO)) { $0.attribute(Int(IFLA_INFO_KIND), Array(kind.utf8)) }
        return message
    }

    /// Makes a pair of connected links, both down; the peer is born in the namespace open as `namespace`.
    /// - Parameter peerAddress: of the peer.
    /// - Returns: the index of the link on this side.
    package func createVeth(
        name: String, peerName: String, peerNamespace: OwnedDescriptor, peerAddress: MACAddress?, mtu: UInt32
    ) throws(SystemError) -> Int32 {
        let message = Self.vethMessage(
            name: name, peerName: peerName, peerNamespace: peerNamespace.raw, peerAddress: peerAddress, mtu: mtu)
        try perform("create veth", name, message)
        guard let link = try link(named: name) else { throw SystemError("create veth", name, errno: ENODEV) }
        return link.index
    }

    static func vethMessage(
        name: String, peerName: String, peerNamespace: CInt, peerAddress: MACAddress?, mtu: UInt32
    ) -> NetlinkMessage {
        var message = linkMessage(type: Int(RTM_NEWLINK), flags: RequestFlags.create)
        message.attribute(Int(IFLA_IFNAME), text: name)
        message.attribute(Int(IFLA_MTU), mtu)
        message.nested(Int(IFLA_LINKINFO)) { info in
            info.attribute(Int(IFLA_INFO_KIND), Array("veth".utf8))
            info.nested(Int(IFLA_INFO_DATA)) { data in
                data.nested(Int(VETH_INFO_PEER)) { peer in
                    for _ in 0..<4 { peer.append(UInt32(0)) }
                    peer.attribute(Int(IFLA_IFNAME), text: peerName)
                    peer.attribute(Int(IFLA_MTU), mtu)
                    if let peerAddress { peer.attribute(Int(IFLA_ADDRESS), peerAddress.bytes) }
                    peer.attribute(Int(IFLA_NET_NS_FD), UInt32(bitPattern: peerNamespace))
                }
            }
        }
        return message
    }

    /// Changes a link.
    package func set(_ change: LinkChange, link index: Int32) throws(SystemError) {
        var message = Self.linkMessage(
            type: Int(RTM_NEWLINK), flags: RequestFlags.change, index: index, set: change.up == true ? 1 : 0,
            mask: change.up == nil ? 0 : 1)
        if let name = change.name { message.attribute(Int(IFLA_IFNAME), text: name) }
        if let alias = change.alias { message.attribute(Int(IFLA_IFALIAS), Array(alias.utf8)) }
        if let mtu = change.mtu { message.attribute(Int(IFLA_MTU), mtu) }
        if let address = change.address { message.attribute(Int(IFLA_ADDRESS), address.bytes) }
        if let master = change.master { message.attribute(Int(IFLA_MASTER), UInt32(bitPattern: master)) }
        try perform("set link", change.name ?? "#\(index)", message)
    }

    /// Sets how a bridge treats one of its ports.
    /// - Parameters:
    ///   - hairpin: frames may leave where they came in: a container that reaches itself through a published port.
    ///   - isolated: no talk with the other isolated ports of the same bridge.
    package func setPort(hairpin: Bool, isolated: Bool, link index: Int32) throws(SystemError) {
        var message = NetlinkMessage(type: UInt16(RTM_SETLINK), flags: RequestFlags.change)
        message.append(UInt8(AF_BRIDGE))
        message.append(UInt8(0))
        message.append(UInt16(0))
        message.append(index)
        message.append(UInt32(0))
        message.append(UInt32(0))
        message.nested(Int(IFLA_PROTINFO)) {
            $0.attribute(Int(IFLA_BRPORT_MODE), UInt8(hairpin ? 1 : 0))
            $0.attribute(Int(IFLA_BRPORT_ISOLATED), UInt8(isolated ? 1 : 0))
        }
        try perform("set bridge port", "#\(index)", message)
    }

    /// Moves a link into the namespace open as `namespace`.
    package func move(link index: Int32, to namespace: OwnedDescriptor) throws(SystemError) {
        var message = Self.linkMessage(type: Int(RTM_NEWLINK), flags: RequestFlags.change, index: index)
        message.attribute(Int(IFLA_NET_NS_FD), UInt32(bitPattern: namespace.raw))
        try perform("move link", "#\(index)", message)
    }

    /// Removes a link, and with it the other end of a pair. - Returns: false when there is none of this name.
    @discardableResult
    package func deleteLink(named name: String) throws(SystemError) -> Bool {
        var message = Self.linkMessage(type: Int(RTM_DELLINK), flags: RequestFlags.change)
        message.attribute(Int(IFLA_IFNAME), text: name)
        do throws(SystemError) { try perform("delete link", name, message) } catch  where error.errno == ENODEV { return false }
        return true
    }
}
