import Essentials
import Netlink

/// What a container asks of its link in one network beside the network's address, checked.
struct LinkSettings {
    /// nil: the next free name of the network's kind.
    var interfaceName: String?
    /// IPv4, each for the whole block 169.254.0.0/16.
    var linkLocalAddresses: [String]
    /// Below /proc/sys, `IFNAME` in place of the link's name; and the value.
    var sysctls: [(path: String, value: String)] = []

    /// Source: docker run, --network, driver-opt.
    private static let nameOption = "com.docker.network.endpoint.ifname"
    private static let sysctlOption = "com.docker.network.endpoint.sysctls"

    /// - Throws: `invalid` for what the kernel has no place for.
    init(_ settings: NetworkAttachmentSettings) throws(GantryError) {
        if let text = settings.macAddress { try Self.checkAddress(text) }
        linkLocalAddresses = settings.linkLocalAddresses
        for text in linkLocalAddresses {
            guard let address = IPAddress(text), Self.linkLocalBlock?.contains(address) == true else {
                throw .invalid("invalid link-local IP address: `\(text)` is not of 169.254.0.0/16")
            }
        }
        if let name = settings.driverOptions[Self.nameOption], !name.isEmpty {
            interfaceName = try Self.checked(name)
        }
        for text in (settings.driverOptions[Self.sysctlOption] ?? "").split(separator: ",") {
            sysctls.append(try Self.sysctl(String(text)))
        }
    }

    /// - Throws: `invalid` unless it is empty or six bytes in hexadecimal.
    static func checkAddress(_ text: String) throws(GantryError) {
        guard text.isEmpty || MACAddress(text) != nil else { throw .invalid("invalid MAC address: \(text)") }
    }

    private static let linkLocalBlock = IPSubnet("169.254.0.0/16")

    /// Source: kernel, net/core/dev.c, dev_valid_name.
    private static func checked(_ name: String) throws(GantryError) -> String {
        guard (1...15).contains(name.utf8.count), name != ".", name != "..", name != "lo",
            name.utf8.allSatisfy({
                $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "%")
            })
        else { throw .invalid("invalid interface name `\(name)`: at most 15 characters, none of them `/`, `:`, `%` or blank") }
        return name
    }

    /// `net.X.Y.IFNAME.Z=V`; Docker's client makes small letters of it.
    private static func sysctl(_ text: String) throws(GantryError) -> (path: String, value: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let words = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, words.count == 5, words[0] == "net", words[3].uppercased() == "IFNAME",
            words.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isOfName) }), !parts[1].utf8.contains(10)
        else {
            throw .invalid("unrecognised network interface sysctl '\(text)'; it must be of the form net.X.Y.IFNAME.Z=V")
        }
        return ("net/\(words[1])/\(words[2])/IFNAME/\(words[4])", parts[1])
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
