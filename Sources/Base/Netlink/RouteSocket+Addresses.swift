internal import CLinux
package import LinuxSystem

/// An address on a link.
package struct LinkAddress: Sendable, Hashable {
    package var link: Int32
    package var address: IPAddress
    package var prefixLength: Int
}

/// A route of the main table.
package struct Route: Sendable, Hashable {
    package var destination: IPSubnet
    package var gateway: IPAddress?
    /// Index of the link it leads to; 0 when none.
    package var link: Int32
}

extension RouteSocket {
    /// Gives a link an address; one that is there already is no error.
    package func addAddress(_ address: IPAddress, prefixLength: Int, link index: Int32) throws(SystemError) {
        do throws(SystemError) {
            try perform(
                "add address", "\(address)/\(prefixLength)", Self.addressMessage(address, prefixLength: prefixLength, link: index))
        } catch  where error.errno == EEXIST {}
    }

    static func addressMessage(_ address: IPAddress, prefixLength: Int, link index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: UInt16(RTM_NEWADDR), flags: RequestFlags.create)
        message.append(address.family.rawValue)
        message.append(UInt8(prefixLength))
        // No duplicate detection for IPv6: addresses come from a pool, and the wait for it would be seconds.
        message.append(UInt8(address.family == .v6 ? IFA_F_NODAD : 0))
        message.append(UInt8(0))
        message.append(index)
        message.attribute(Int(IFA_LOCAL), address.bytes)
        message.attribute(Int(IFA_ADDRESS), address.bytes)
        if address.family == .v4, prefixLength < 31 {
            message.attribute(Int(IFA_BROADCAST), IPSubnet(containing: address, prefixLength: prefixLength).last.bytes)
        }
        return message
    }

    /// Takes an address from a link.
    package func removeAddress(_ address: IPAddress, prefixLength: Int, link index: Int32) throws(SystemError) {
        var message = NetlinkMessage(type: UInt16(RTM_DELADDR), flags: RequestFlags.change)
        message.append(address.family.rawValue)
        message.append(UInt8(prefixLength))
        message.append(UInt16(0))
        message.append(index)
        message.attribute(Int(IFA_LOCAL), address.bytes)
        try perform("remove address", "\(address)/\(prefixLength)", message)
    }

    /// All addresses of the namespace.
    package func addresses() throws(SystemError) -> [LinkAddress] {
        var message = NetlinkMessage(type: UInt16(RTM_GETADDR), flags: RequestFlags.dump)
        message.append(UInt64(0))
        return try exchange("list addresses", "", message).compactMap { answer in
            guard let length = answer.body.loadInteger(at: 1, as: UInt8.self),
                let link = answer.body.loadInteger(at: 4, as: Int32.self)
            else { return nil }
            let attributes = AttributeReader(answer.body.dropFirst(8))
            guard let address = attributes.address(Int(IFA_LOCAL)) ?? attributes.address(Int(IFA_ADDRESS)) else { return nil }
            return LinkAddress(link: link, address: address, prefixLength: Int(length))
        }
    }

    /// Sends everything without a better route through `gateway`, in place of an earlier such route.
    package func setDefaultRoute(gateway: IPAddress, link index: Int32) throws(SystemError) {
        try perform(
            "set default route", "\(gateway)",
            Self.routeMessage(type: Int(RTM_NEWROUTE), flags: RequestFlags.replace, gateway, index))
    }

    /// Removes the default route through `gateway`; one that is not there is no error.
    package func removeDefaultRoute(gateway: IPAddress, link index: Int32) throws(SystemError) {
        do throws(SystemError) {
            let message = Self.routeMessage(type: Int(RTM_DELROUTE), flags: RequestFlags.change, gateway, index)
            try perform("remove default route", "\(gateway)", message)
        } catch  where error.errno == ESRCH {}
    }

    static func routeMessage(type: Int, flags: UInt16, _ gateway: IPAddress, _ index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: UInt16(type), flags: flags)
        // family, destination length, source length, tos, table main, protocol boot, scope universe, type unicast, flags
        for byte in [gateway.family.rawValue, 0, 0, 0, 254, 3, 0, 1] { message.append(byte) }
        message.append(UInt32(0))
        message.attribute(Int(RTA_GATEWAY.rawValue), gateway.bytes)
        message.attribute(Int(RTA_OIF.rawValue), index)
        return message
    }

    /// The routes of the main table.
    package func routes() throws(SystemError) -> [Route] {
        var message = NetlinkMessage(type: UInt16(RTM_GETROUTE), flags: RequestFlags.dump)
        for _ in 0..<3 { message.append(UInt32(0)) }
        return try exchange("list routes", "", message).compactMap { Self.route($0.body) }
    }

    static func route(_ body: ArraySlice<UInt8>) -> Route? {
        guard body.count >= 12, let rawFamily = body.first, let family = IPAddress.Family(rawValue: rawFamily),
            let length = body.loadInteger(at: 1, as: UInt8.self), body.loadInteger(at: 4, as: UInt8.self) == 254
        else { return nil }
        let attributes = AttributeReader(body.dropFirst(12))
        let base = attributes.address(Int(RTA_DST.rawValue)) ?? IPAddress(family: family, value: 0)
        guard Int(length) <= base.bitWidth else { return nil }
        return Route(
            destination: IPSubnet(containing: base, prefixLength: Int(length)),
            gateway: attributes.address(Int(RTA_GATEWAY.rawValue)),
            link: attributes.integer(Int(RTA_OIF.rawValue), as: Int32.self) ?? 0)
    }
}
