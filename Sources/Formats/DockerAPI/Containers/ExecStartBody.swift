/// Body of ExecStart.
package struct ExecStartBody: Codable, Sendable, Hashable {
    @Lenient package var detach = false
    @Lenient package var tty = false
    /// Rows, then columns.
    package var consoleSize: [Int]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case detach = "Detach"
        case tty = "Tty"
        case consoleSize = "ConsoleSize"
    }
}

extension ExecStartBody: Blank {
    package static var blank: ExecStartBody { ExecStartBody() }
}
