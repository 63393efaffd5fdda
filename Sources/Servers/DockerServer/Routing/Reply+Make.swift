package import DockerAPI

/// Sends a line of a progress stream.
package typealias MessageSink = @Sendable (JSONMessage) async throws -> Void

extension Reply {
    /// One object and a newline.
    package static func json(_ value: some Encodable, status: Int = 200) -> Reply {
        do {
            let headers = [("Content-Type", "application/json")]
            return Reply(status: status, headers: headers, body: .whole(try EngineJSON.line(value)))
        } catch {
            let text = "{\"message\":\"cannot write the answer as JSON\"}\n"
            return Reply(status: 500, headers: [("Content-Type", "application/json")], body: .whole(Array(text.utf8)))
        }
    }

    package static func empty(_ status: Int) -> Reply { Reply(status: status) }

    /// JSON lines, each flushed; a failure after the first is a line of its own, one before it gets its status.
    package static func progress(_ produce: @escaping @Sendable (@escaping MessageSink) async throws -> Void) -> Reply {
        let body = BodyStream(early: false, failureLine: ErrorMapping.failureLine) { sink in
            try await produce { message in try await sink(try EngineJSON.progressLine(message)) }
        }
        return Reply(status: 200, headers: [("Content-Type", "application/json")], body: .stream(body))
    }

    /// Bytes of `type` as they come. A failure before the first gets its status unless the head is sent early.
    package static func bytes(
        _ type: String, early: Bool = false, headers: [(name: String, value: String)] = [],
        _ produce: @escaping @Sendable (@escaping BodySink) async throws -> Void
    ) -> Reply {
        let body = BodyStream(early: early, failureLine: nil, produce: produce)
        return Reply(status: 200, headers: [("Content-Type", type)] + headers, body: .stream(body))
    }
}
