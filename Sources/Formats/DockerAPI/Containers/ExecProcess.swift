/// What an exec runs.
package struct ExecProcess: Codable, Sendable, Hashable {
    @Lenient package var tty = false
    @Lenient package var entrypoint = ""
    @Lenient package var arguments: [String] = []
    package var privileged: Bool?
    package var user: String?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case tty, entrypoint, arguments, privileged, user
    }
}

extension ExecProcess: Blank {
    package static var blank: ExecProcess { ExecProcess() }
}
