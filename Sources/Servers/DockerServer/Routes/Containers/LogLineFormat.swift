internal import DockerAPI
package import Engine
internal import Essentials

/// How the lines of a log are sent. Source: Engine API 1.51, ContainerLogs.
package struct LogLineFormat: Sendable {
    package var multiplexed: Bool
    package var timestamps: Bool
    package var details: Bool

    package init(multiplexed: Bool, timestamps: Bool, details: Bool) {
        self.multiplexed = multiplexed
        self.timestamps = timestamps
        self.details = details
    }

    package func bytes(of entry: LogEntry) -> [UInt8] {
        var prefix = timestamps ? entry.time.rfc3339Padded + " " : ""
        if details {
            prefix += entry.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",") + " "
        }
        let line = Array(prefix.utf8) + entry.bytes
        return multiplexed ? MultiplexedFrame(entry.kind == .stderr ? .stderr : .stdout, line).encoded : line
    }
}

/// The content type of a stream of output. Source: Engine API 1.51, ContainerAttach.
enum StreamType {
    static let raw = "application/vnd.docker.raw-stream"

    static func name(terminal: Bool, version: APIVersion) -> String {
        terminal || version < APIVersion(1, 42) ? raw : "application/vnd.docker.multiplexed-stream"
    }
}
