/// What COPY and ADD were given, paths not yet expanded.
package struct CopyArguments: Sendable, Hashable {
    package var sources: [String]
    package var destination: String
    /// Documents among the sources, as files.
    package var heredocs: [Heredoc] = []
    package var from: String?
    package var owner: String?
    package var mode: String?
    package var isLinked = false
    package var keepsParents = false
    package var excludes: [String] = []
    package var checksum: String?
    package var keepsGitDirectory = false
    /// `--unpack`; nil when not given.
    package var unpacks: Bool?

    package init(sources: [String], destination: String) {
        self.sources = sources
        self.destination = destination
    }
}
