import CLinux
import Essentials
import LinuxSystem

/// Runs a program of the host and collects what it prints. Never one of a container's.
enum HostProgram {
    struct Result: Sendable {
        var status: Int32
        /// Standard output and error together.
        var output: String
    }

    /// - Parameters:
    ///   - environment: nil for our own.
    ///   - limit: bytes of output that are kept; more is an error.
    static func run(_ arguments: [String], environment: [String]? = nil, limit: Int = 4 << 20) async throws -> Result {
        try await BlockingWork.run { try runBlocking(arguments, environment, limit: limit) }
    }

    /// As ``run(_:environment:limit:)``, for callers that may block.
    static func runBlocking(_ arguments: [String], _ environment: [String]? = nil, limit: Int = 4 << 20) throws -> Result {
        var ends: [CInt] = [-1, -1]
        try check("pipe2") { pipe2(&ends, O_CLOEXEC) }
        let output = OwnedDescriptor(ends[0])
        let child = try spawn(arguments, environment, output: OwnedDescriptor(ends[1]))
        let text = Swift.Result { try output.readAll(limit: limit) }
        var status: Int32 = 0
        try check("waitpid") { waitpid(child, &status, 0) }
        let code = gantry_wifexited(status) != 0 ? gantry_wexitstatus(status) : 128 + gantry_wtermsig(status)
        return Result(status: code, output: String(decoding: try text.get(), as: UTF8.self))
    }

    /// The writing end is closed here when this returns, so that the reader sees the end.
    private static func spawn(_ arguments: [String], _ environment: [String]?, output: OwnedDescriptor) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 2)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var own: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
        defer { for word in own { free(word) } }
        var child = pid_t()
        let code = own.withUnsafeMutableBufferPointer { own in
            posix_spawnp(&child, arguments[0], &actions, nil, &words, environment == nil ? gantry_environ() : own.baseAddress)
        }
        guard code == 0 else { throw SystemError("posix_spawn", arguments[0], errno: code) }
        return child
    }
}
