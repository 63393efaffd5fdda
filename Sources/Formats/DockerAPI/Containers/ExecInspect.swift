/// Answer to ExecInspect.
package struct ExecInspect: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var running = false
    /// null while it runs.
    @Null package var exitCode: Int?
    @Lenient package var processConfig = ExecProcess()
    @Lenient package var openStdin = false
    @Lenient package var openStderr = false
    @Lenient package var openStdout = false
    @Lenient package var canRemove = false
    @Lenient package var containerID = ""
    @Lenient package var detachKeys = ""
    @Lenient package var pid: Int = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case running = "Running"
        case exitCode = "ExitCode"
        case processConfig = "ProcessConfig"
        case openStdin = "OpenStdin"
        case openStderr = "OpenStderr"
        case openStdout = "OpenStdout"
        case canRemove = "CanRemove"
        case containerID = "ContainerID"
        case detachKeys = "DetachKeys"
        case pid = "Pid"
    }
}

extension ExecInspect: Blank {
    package static var blank: ExecInspect { ExecInspect() }
}
