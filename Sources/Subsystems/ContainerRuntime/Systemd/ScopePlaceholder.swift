internal import CLinux
internal import LinuxSystem

/// A process that holds a new scope open: systemd makes none without a process, and the container's first is born into it.
///
/// It reads from a pipe whose other end is ours, so it ends when this object goes, and with this process at the latest.
final class ScopePlaceholder: Sendable {
    let processID: Int32
    private let pipe: OwnedDescriptor

    init() throws {
        var ends: [CInt] = [-1, -1]
        try check("pipe2") { pipe2(&ends, O_CLOEXEC) }
        let input = OwnedDescriptor(ends[0])
        pipe = OwnedDescriptor(ends[1])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.raw, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        var process: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("cat"), nil]
        defer { free(arguments[0]) }
        let code = posix_spawn(&process, "/bin/cat", &actions, &attributes, arguments, [nil])
        guard code == 0 else { throw SystemError("posix_spawn", "/bin/cat", errno: code) }
        processID = process
    }

    deinit {
        kill(processID, SIGKILL)
        var status: CInt = 0
        while waitpid(processID, &status, 0) < 0, gantry_errno() == EINTR {}
    }
}
