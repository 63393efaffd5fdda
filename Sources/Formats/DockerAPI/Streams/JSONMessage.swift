/// A line of a progress stream: pull, push, build, load, import. Every field is optional.
package struct JSONMessage: Codable, Sendable, Hashable {
    /// Text to be printed as it is.
    package var stream: String?
    package var status: String?
    package var progressDetail: ProgressDetail?
    /// A ready-made bar; clients draw their own.
    package var progress: String?
    package var id: String?
    package var errorDetail: ErrorDetail?
    /// The same message once more, for older clients.
    package var error: String?
    package var aux: JSONValue?

    package init(stream: String? = nil, status: String? = nil, id: String? = nil, progressDetail: ProgressDetail? = nil) {
        self.stream = stream
        self.status = status
        self.id = id
        self.progressDetail = progressDetail
    }

    /// The last line of a stream that failed.
    package static func failure(_ message: String, code: Int = 0) -> JSONMessage {
        var line = JSONMessage()
        var detail = ErrorDetail()
        detail.code = code
        detail.message = message
        line.errorDetail = detail
        line.error = message
        return line
    }

    /// `{"aux":{"ID":"sha256:…"}}`, which names the image that a build made.
    package static func imageID(_ id: String) -> JSONMessage {
        var line = JSONMessage()
        line.aux = .object(["ID": .string(id)])
        return line
    }
}
