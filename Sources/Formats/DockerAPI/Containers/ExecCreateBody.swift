/// Body of ContainerExec.
package struct ExecCreateBody: Codable, Sendable, Hashable {
    @Lenient package var user = ""
    @Lenient package var privileged = false
    @Lenient package var tty = false
    /// Rows, then columns.
    package var consoleSize: [Int]?
    @Lenient package var attachStdin = false
    @Lenient package var attachStderr = false
    @Lenient package var attachStdout = false
    @Lenient package var detach = false
    @Lenient package var detachKeys = ""
    @NullEmpty package var env: [String] = []
    @Lenient package var workingDir = ""
    @Words package var cmd: [String]?

    package init() {}

    /// As JSON, without the fields that are left at what they are when nobody says anything.
    package func text() throws -> [UInt8] {
        let object = SparseObject()
        try object.add(CodingKeys.user, user)
        try object.add(CodingKeys.privileged, privileged)
        try object.add(CodingKeys.tty, tty)
        try object.add(CodingKeys.consoleSize, consoleSize)
        try object.add(CodingKeys.attachStdin, attachStdin)
        try object.add(CodingKeys.attachStderr, attachStderr)
        try object.add(CodingKeys.attachStdout, attachStdout)
        try object.add(CodingKeys.detach, detach)
        try object.add(CodingKeys.detachKeys, detachKeys)
        try object.add(CodingKeys.env, env)
        try object.add(CodingKeys.workingDir, workingDir)
        try object.add(CodingKeys.cmd, cmd)
        return object.text
    }

    private enum CodingKeys: String, CodingKey {
        case user = "User"
        case privileged = "Privileged"
        case tty = "Tty"
        case consoleSize = "ConsoleSize"
        case attachStdin = "AttachStdin"
        case attachStderr = "AttachStderr"
        case attachStdout = "AttachStdout"
        case detach = "Detach"
        case detachKeys = "DetachKeys"
        case env = "Env"
        case workingDir = "WorkingDir"
        case cmd = "Cmd"
    }
}

extension ExecCreateBody: Blank {
    package static var blank: ExecCreateBody { ExecCreateBody() }
}
