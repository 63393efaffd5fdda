internal import DockerAPI
internal import Essentials
internal import NIOHTTP1

/// The switch from HTTP to a web socket. Source: RFC 6455, 4.2.
enum WebSocketHandshake {
    private static let identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// - Returns: the answer to a request for a web socket.
    /// - Throws: `invalid` for a request that asks for something else.
    static func answer(to head: RequestHead) throws(GantryError) -> ResponseHead {
        guard head.method == "GET", head.upgradeProtocol?.lowercased() == "websocket" else {
            throw .invalid("not a request for a web socket: expected the headers `Connection: Upgrade` and `Upgrade: websocket`")
        }
        guard head.headers.first(name: "sec-websocket-version") == "13" else {
            throw .invalid("unknown version of web sockets: expected `Sec-WebSocket-Version: 13`")
        }
        guard let key = head.headers.first(name: "sec-websocket-key"), Base64.decode(key)?.count == 16 else {
            throw .invalid("invalid `Sec-WebSocket-Key`: expected 16 bytes in base64")
        }
        return ResponseHead(
            status: 101, reason: "Switching Protocols",
            headers: [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept(key))])
    }

    static func accept(_ key: String) -> String { Base64.encode(SHA1.digest(of: Array((key + identifier).utf8))) }
}
