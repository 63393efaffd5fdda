/// What RUN was given.
package struct RunArguments: Sendable, Hashable {
    package var command: CommandForm
    package var heredocs: [Heredoc] = []
    package var mounts: [RunMount] = []
    /// `default`, `none` or `host`; nil when not given.
    package var network: String?
    /// `sandbox` or `insecure`; nil when not given.
    package var security: String?
    package var devices: [String] = []

    package init(command: CommandForm) { self.command = command }

    /// True for `RUN <<EOF` with nothing else: the document is the script.
    package var isScript: Bool {
        guard heredocs.count == 1, case .shell(let text) = command else { return false }
        return Heredoc.start(Array(ASCII.trim(text).utf8)) != nil
    }
}

/// `RUN --mount=…`, values not yet expanded.
package struct RunMount: Sendable, Hashable {
    package enum Kind: String, Sendable { case bind, cache, tmpfs, secret, ssh }

    package var kind: Kind
    package var target: String?
    package var source: String?
    package var from: String?
    package var id: String?
    /// Nil when not given: bind mounts are read-only, cache mounts writable.
    package var isReadOnly: Bool?
    package var sharing: String?
    package var mode: UInt32?
    package var userID: UInt32?
    package var groupID: UInt32?
    /// Bytes, of a tmpfs.
    package var sizeBytes: Int64?
    package var isRequired = false
    /// Variable that gets a secret's value.
    package var environmentName: String?

    package init(kind: Kind) { self.kind = kind }
}
