import Glibc

/// The bytes of an IP address.
enum AddressBytes {
    /// 4 bytes for `10.0.0.1`, 16 for `fd00::1`; nil for anything else (inet_pton(3)).
    static func parse(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
        if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
        return nil
    }
}
