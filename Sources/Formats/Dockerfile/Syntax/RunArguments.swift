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
