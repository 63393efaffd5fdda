package import NIOCore
internal import NIOHTTP1

/// The first lines of a response.
package struct ResponseHead: Sendable {
    package var status: Int
    /// In place of the status's usual words.
    package var reason: String?
    /// In the order in which they are sent.
    package var headers: [(name: String, value: String)]

    package init(status: Int, reason: String? = nil, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
    }

    package func serialized(minorVersion: Int) -> ByteBuffer {
        var text = "HTTP/1.\(minorVersion) \(status) \(reason ?? Self.words(status))\r\n"
        for (name, value) in headers { text += "\(name): \(Self.oneLine(value))\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    /// A value can hold what users wrote, and must not end its line.
    private static func oneLine(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) else { return value }
        let scalars = value.unicodeScalars.map { $0.value < 32 && $0 != "\t" || $0.value == 127 ? " " : $0 }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func words(_ status: Int) -> String {
        status == 101 ? "UPGRADED" : HTTPResponseStatus(statusCode: status).reasonPhrase
    }
}
