/// What our nftables tables hold, as text. Pure: the rules are constant, only the elements of maps and sets differ.
struct RuleSet: Sendable, Equatable {
    struct Bridge: Sendable, Equatable {
        var name: String
        var subnets4: [String]
        var subnets6: [String]
        var isInternal: Bool
        var masquerades: Bool
    }
    struct PublishedPort: Sendable, Equatable {
        var transport: String
        /// `0.0.0.0` for all.
        var hostAddress: String
        var hostPort: UInt16
        var containerAddress: String
        var containerPort: UInt16
    }

    var table: String
    var bridges: [Bridge] = []
    var ports: [PublishedPort] = []

    /// One transaction that replaces both tables by this state; nothing of others is touched.
    var text: String {
        let added = bridges.map { elements("add", $0) } + ports.map { element("add", $0) }
        return Self.remove(table) + Self.template4(table) + Self.template6(table) + added.joined()
    }

    /// Removes the tables, also when they are not there.
    static func remove(_ table: String) -> String {
        "table ip \(table)\ndelete table ip \(table)\ntable ip6 \(table)\ndelete table ip6 \(table)\n"
    }

    /// `verb` is `add` or `delete`.
    func elements(_ verb: String, _ bridge: Bridge) -> String {
        var text = ""
        for family in ["ip", "ip6"] {
            text += "\(verb) element \(family) \(table) bridges { \"\(bridge.name)\" }\n"
            text += "\(verb) element \(family) \(table) within { \"\(bridge.name)\" . \"\(bridge.name)\" }\n"
            if bridge.isInternal { text += "\(verb) element \(family) \(table) internals { \"\(bridge.name)\" }\n" }
        }
        for subnet in bridge.subnets4 {
            text += "\(verb) element ip \(table) subnets { \(subnet) }\n"
            if bridge.masquerades, !bridge.isInternal { text += "\(verb) element ip \(table) masqueraded { \(subnet) }\n" }
        }
        for subnet in bridge.subnets6 where bridge.masquerades && !bridge.isInternal {
            text += "\(verb) element ip6 \(table) masqueraded { \(subnet) }\n"
        }
        return text
    }

    /// The one element that publishes a port.
    func element(_ verb: String, _ port: PublishedPort) -> String {
        let target = "\(port.containerAddress) . \(port.containerPort)"
        if port.hostAddress.hasPrefix("127.") {
            return "\(verb) element ip \(table) loopback_ports { \(port.transport) . \(port.hostPort) }\n"
        }
        if port.hostAddress == "0.0.0.0" {
            return "\(verb) element ip \(table) published { \(port.transport) . \(port.hostPort) : \(target) }\n"
        }
        return
            "\(verb) element ip \(table) published_on { \(port.transport) . \(port.hostAddress) . \(port.hostPort) : \(target) }\n"
    }

    private static func template4(_ table: String) -> String {
        """
        table ip \(table) {
            set bridges { type ifname; }
            set internals { type ifname; }
            set within { type ifname . ifname; }
            set subnets { type ipv4_addr; flags interval; }
            set masqueraded { type ipv4_addr; flags interval; }
            set loopback_ports { type inet_proto . inet_service; }
            map published { type inet_proto . inet_service : ipv4_addr . inet_service; }
            map published_on { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; }

            # ports published on loopback stay there, also on hosts that route loopback addresses
            chain guard {
                type filter hook prerouting priority raw; policy accept;
                iifname != "lo" ip daddr 127.0.0.0/8 meta l4proto . th dport @loopback_ports drop
            }
            chain publish {
                ip daddr 127.0.0.0/8 return
                dnat to meta l4proto . ip daddr . th dport map @published_on
                dnat to meta l4proto . th dport map @published
            }
            chain incoming {
                type nat hook prerouting priority dstnat; policy accept;
                fib daddr type local jump publish
            }
            chain local {
                type nat hook output priority -100; policy accept;
                fib daddr type local jump publish
            }
            chain outgoing {
                type nat hook postrouting priority srcnat; policy accept;
                oifname "lo" return
                # a container that reaches itself or a neighbour through a published port
                ip saddr @subnets oifname @bridges ct status dnat masquerade
                ip saddr @masqueraded oifname != @bridges masquerade
            }
        \(forward)
        }

        """
    }

    private static func template6(_ table: String) -> String {
        """
        table ip6 \(table) {
            set bridges { type ifname; }
            set internals { type ifname; }
            set within { type ifname . ifname; }
            set masqueraded { type ipv6_addr; flags interval; }
            chain outgoing {
                type nat hook postrouting priority srcnat; policy accept;
                oifname "lo" return
                ip6 saddr @masqueraded oifname != @bridges masquerade
            }
        \(forward)
        }

        """
    }

    /// Who may talk with whom through this host: the same in both families.
    private static let forward = """
            chain from_bridge {
                iifname . oifname @within accept
                iifname @internals drop
                oifname @internals drop
                ct state established,related accept
                ct status dnat accept
                oifname @bridges drop
                accept
            }
            chain to_bridge {
                oifname @internals drop
                ct state established,related accept
                ct status dnat accept
                drop
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                iifname @bridges jump from_bridge
                oifname @bridges jump to_bridge
            }
        """
}
