internal import Essentials

/// Which host ports are published by containers of ours. Pure.
struct PortSpan: Sendable {
    struct Key: Sendable, Hashable {
        var transport: PortRequest.Transport
        var address: String
        var port: UInt16
    }

    private(set) var taken: Set<Key> = []

    private static func wildcard(for address: String) -> String { address.contains(":") ? "::" : "0.0.0.0" }

    /// True when the address or, for a wildcard, any address of the family has the port.
    func isTaken(_ key: Key) -> Bool {
        let wildcard = Self.wildcard(for: key.address)
        if taken.contains(key) || taken.contains(Key(transport: key.transport, address: wildcard, port: key.port)) { return true }
        guard key.address == wildcard else { return false }
        return taken.contains {
            $0.port == key.port && $0.transport == key.transport && Self.wildcard(for: $0.address) == wildcard
        }
    }

    mutating func insert(_ key: Key) { taken.insert(key) }
    mutating func remove(_ key: Key) { taken.remove(key) }
}
