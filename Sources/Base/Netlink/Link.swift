/// A network interface as the kernel lists it.
package struct Link: Sendable, Hashable {
    package var index: Int32
    package var name: String
    /// `bridge`, `veth`, …; empty for hardware and loopback.
    package var kind: String = ""
    /// A free text; what we make carries a mark of ours here.
    package var alias: String = ""
    package var mtu: UInt32 = 0
    package var isUp: Bool = false
    /// Index of the bridge that it is a port of; 0 for none.
    package var master: Int32 = 0
    package var address: MACAddress?

    package init(index: Int32, name: String) {
        self.index = index
        self.name = name
    }
}

/// What to change of a link; nil leaves it.
package struct LinkChange: Sendable {
    package var up: Bool?
    package var name: String?
    package var alias: String?
    package var mtu: UInt32?
    package var address: MACAddress?
    /// Index of the bridge; 0 takes the link out of its bridge.
    package var master: Int32?

    package init(
        up: Bool? = nil, name: String? = nil, alias: String? = nil, mtu: UInt32? = nil, address: MACAddress? = nil,
        master: Int32? = nil
    ) {
        self.up = up
        self.name = name
        self.alias = alias
        self.mtu = mtu
        self.address = address
        self.master = master
    }
}
