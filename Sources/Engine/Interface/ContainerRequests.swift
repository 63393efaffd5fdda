package import Essentials
package import OCI

/// What a user types to name a container, image, network or volume: a name, an id or an unambiguous prefix of an id.
package typealias NameOrID = String

package struct ContainerCreateRequest: Sendable {
    package var settings: ContainerSettings
    /// nil: a random one.
    package var name: String?
    package var platform: Platform?

    package init(settings: ContainerSettings, name: String? = nil, platform: Platform? = nil) {
        self.settings = settings
        self.name = name
        self.platform = platform
    }
}

package struct ContainerCreated: Sendable {
    package var id: String
    package var warnings: [String]
}

/// Which containers to list. Filters are keyed by the Engine API's names; values of one key are alternatives, `label` excepted.
package struct ContainerQuery: Sendable {
    package var all = false
    /// The newest n of all; 0 or less for no limit.
    package var limit = 0
    package var size = false
    package var filters: [String: [String]] = [:]

    package init() {}
}

package enum WaitCondition: String, Sendable {
    case notRunning = "not-running"
    case nextExit = "next-exit"
    case removed
}

package struct WaitResult: Sendable {
    package var exitCode: Int32
    package var error: String?
}

package struct AttachRequest: Sendable {
    package var stdin = false
    package var stdout = false
    package var stderr = false
    /// Go on with what comes from now.
    package var stream = false
    /// First what the log holds.
    package var logs = false
    /// nil: ctrl-p,ctrl-q; empty text: none.
    package var detachKeys: String?

    package init() {}
}

package enum OutputKind: Sendable, Hashable { case stdout, stderr }

/// One piece of output.
package struct OutputChunk: Sendable {
    package var kind: OutputKind
    package var bytes: [UInt8]

    package init(kind: OutputKind, bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }
}

/// A live connection to a container's or exec's terminal or pipes.
///
/// `next()` is nil at the end of all output, or after the detach keys. Closing never touches the container.
package protocol AttachSession: Sendable {
    /// Output is one raw stream when true, two streams otherwise.
    var terminal: Bool { get }
    func next() async throws -> OutputChunk?
    func write(_ bytes: [UInt8]) async throws
    /// The client will send no more input.
    func closeInput() async throws
    func close() async
}

package struct LogQuery: Sendable {
    package var follow = false
    package var stdout = false
    package var stderr = false
    package var since: Timestamp?
    package var until: Timestamp?
    /// nil: all.
    package var tail: Int?
    package var details = false
    /// Times are told.
    package var timestamps = false

    package init() {}
}

/// A run of lines of a container's log, in order: many at once, because a log has millions.
package struct LogBatch: Sendable, Equatable {
    package struct Line: Sendable, Equatable {
        package var kind: OutputKind
        /// Known when the query asks for it.
        package var time: Timestamp
        /// Of ``LogBatch/bytes``: the text with its newline as written.
        package var range: Range<Int>
        /// Index in ``LogBatch/attributes``; nil for none.
        package var attributes: Int?

        package init(kind: OutputKind, time: Timestamp, range: Range<Int>, attributes: Int? = nil) {
            self.kind = kind
            self.time = time
            self.range = range
            self.attributes = attributes
        }
    }

    package var bytes: [UInt8] = []
    package var lines: [Line] = []
    /// Filled when the query asks for details.
    package var attributes: [[String: String]] = []

    package init() {}

    /// Adds a line.
    package mutating func append(_ kind: OutputKind, _ time: Timestamp, _ text: some Collection<UInt8>, attributes: Int? = nil) {
        let start = bytes.count
        bytes.append(contentsOf: text)
        lines.append(Line(kind: kind, time: time, range: start..<bytes.count, attributes: attributes))
    }
}

/// Gives the log to the function that it is handed, batch by batch, and waits for it: whoever is slow is not sent more.
package typealias LogRead = @Sendable (@escaping @Sendable (LogBatch) async throws -> Void) async throws -> Void

package struct ExecRequest: Sendable, Codable {
    package var command: [String]
    package var environment: [String] = []
    package var user = ""
    package var workingDirectory = ""
    package var privileged = false
    package var terminal = false
    package var attachStdin = false
    package var attachStdout = false
    package var attachStderr = false
    package var detachKeys: String?
    package var consoleSize: ConsoleSize?

    package init(command: [String]) { self.command = command }
}

package struct ExecDetails: Sendable {
    package var id: String
    package var containerID: String
    package var request: ExecRequest
    package var running: Bool
    /// nil until it ended.
    package var exitCode: Int32?
    package var processID: Int32
    package var opensStdin: Bool
}

/// A row of `docker diff`.
package struct FileChange: Sendable {
    package enum Kind: Int, Sendable { case modified = 0, added = 1, deleted = 2 }
    package var path: String
    package var kind: Kind
}

/// What `HEAD archive` tells of a path in a container.
package struct PathStatus: Sendable {
    package var name: String
    package var size: Int64
    /// `st_mode`: type and permission bits.
    package var mode: UInt32
    package var modifiedAt: Timestamp
    package var linkTarget: String
}

package struct ProcessTable: Sendable {
    package var titles: [String]
    package var rows: [[String]]
}

package struct CommitRequest: Sendable {
    package var container: NameOrID
    package var reference: Reference?
    package var comment = ""
    package var author = ""
    package var pause = true
    /// Dockerfile lines.
    package var changes: [String] = []

    package init(container: NameOrID) { self.container = container }
}

/// What a prune removed.
package struct PruneReport: Sendable {
    package var removed: [String]
    /// Bytes.
    package var reclaimed: Int64
}

/// Bytes that come in, with brakes.
package typealias ByteStream = any AsyncSequence<[UInt8], any Error> & Sendable
/// Takes bytes and comes back when there is room for more.
package typealias ByteSink = @Sendable ([UInt8]) async throws -> Void
