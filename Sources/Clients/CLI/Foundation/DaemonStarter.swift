import CLinux
import Essentials
import LinuxSystem

/// Starts `gantryd` when nobody listens at the default address.
struct DaemonStarter: Sendable {
    /// The socket that the daemon will open.
    var socket: String
    static let logFile = "/var/log/gantryd.log"

    /// Starts a daemon that outlives us and waits until it answers, at most thirty seconds.
    /// - Returns: false when there is no daemon to start or this user may not start one.
    /// - Throws: ``GantryError`` that names the log when it did not come up.
    func start() async throws -> Bool {
        guard geteuid() == 0, let program = Self.findProgram() else { return false }
        let process: pid_t
        do { process = try spawn(program) } catch {
            throw GantryError(.unavailable, "cannot start the daemon `\(program)`", cause: error)
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if isAnswering() { return true }
            var status: CInt = 0
            if waitpid(process, &status, WNOHANG) == process {
                // Another client may have started one in the same moment: then ours found the place taken.
                if isAnswering() { return true }
                throw GantryError.unavailable("the daemon ended at once", hint: "see \(Self.logFile)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw GantryError(.timedOut, "the daemon did not answer within 30 seconds", hint: "see \(Self.logFile)")
    }

    /// Beside our own executable, else on the PATH.
    private static func findProgram() -> String? {
        var folders: [String] = []
        if let own = try? FileSystem.readLink("/proc/self/exe"), let slash = own.lastIndex(of: "/") {
            folders.append(String(own[..<slash]))
        }
        if let path = getenv("PATH") { folders += String(cString: path).split(separator: ":").map(String.init) }
        return folders.map { "\($0)/gantryd" }.first { access($0, X_OK) == 0 }
    }

    private func isAnswering() -> Bool { UnixSocketProbe.answers(at: socket) }

    /// In a session of its own, with its output in the log.
    private func spawn(_ program: String) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, Self.logFile, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawn_file_actions_addchdir_np(&actions, "/")
        // What our caller left open must not stay open for as long as the daemon lives.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        let flags = POSIX_SPAWN_SETSID | CInt(POSIX_SPAWN_SETSIGMASK) | CInt(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var words: [UnsafeMutablePointer<CChar>?] = [strdup(program), nil]
        defer { free(words[0]) }
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, &attributes, &words, gantry_environ())
        guard code == 0 else { throw SystemError("posix_spawn", program, errno: code) }
        return process
    }
}
