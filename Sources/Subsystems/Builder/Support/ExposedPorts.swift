internal import Essentials

/// The words of EXPOSE: `80`, `53/udp`, `8000-8003`. Of a mapping (`127.0.0.1:8080:80`) only the container's port counts.
enum ExposedPorts {
    /// Each port with its protocol.
    static func parse(_ text: String) throws(GantryError) -> [String] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let proto = parts.count == 2 ? parts[1].lowercased() : "tcp"
        guard ["tcp", "udp", "sctp"].contains(proto) else { throw .invalid("Invalid proto: \(parts.count == 2 ? parts[1] : "")") }
        let port = parts[0].split(separator: ":", omittingEmptySubsequences: false).last ?? ""
        let bounds = port.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = bounds.first.flatMap({ UInt16($0) }), let last = bounds.last.flatMap({ UInt16($0) }), first <= last else {
            throw .invalid("Invalid containerPort: \(port)")
        }
        return (first...last).map { "\($0)/\(proto)" }
    }
}
