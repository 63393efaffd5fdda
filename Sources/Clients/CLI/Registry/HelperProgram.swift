import CLinux
import Essentials
import LinuxSystem

/// A program that is asked something on its standard input and answers on its standard output.
enum HelperProgram {
    struct Answer {
        /// Exit status; 128 + n when a signal n ended it.
        var status: CInt
        var output: String
    }

    /// Runs `arguments` (the first is looked up on the PATH) and waits for its end. Its standard error is ours.
    /// - Throws: ``GantryError`` of kind notFound when there is no such program.
    static func run(_ arguments: [String], input: String) throws -> Answer {
        do throws(SystemError) {
            // A file in memory instead of a pipe: a program that does not read its input cannot hold us up.
            let source = OwnedDescriptor(try check("memfd_create") { gantry_memfd_create("input", UInt32(MFD_CLOEXEC)) })
            try source.writeAll(Array(input.utf8))
            try check("lseek") { lseek(source.raw, 0, SEEK_SET) }
            var ends: [CInt] = [-1, -1]
            try check("pipe2") { pipe2(&ends, O_CLOEXEC) }
            let reading = OwnedDescriptor(ends[0])
            let process = try spawn(arguments, input: source, output: OwnedDescriptor(ends[1]))
            let output = try reading.readAll(limit: 1 << 20)
            return Answer(status: try wait(process), output: String(decoding: output, as: UTF8.self))
        } catch {
            let kind: GantryError.Kind = error.errno == ENOENT ? .notFound : .unavailable
            throw GantryError(kind, "cannot run `\(arguments.joined(separator: " "))`", cause: error)
        }
    }

    private static func spawn(_ arguments: [String], input: OwnedDescriptor, output: OwnedDescriptor) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, output.raw, 1)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var process: pid_t = 0
        let code = posix_spawnp(&process, arguments[0], &actions, nil, words, gantry_environ())
        guard code == 0 else { throw SystemError("posix_spawn", arguments[0], errno: code) }
        return process
    }

    private static func wait(_ process: pid_t) throws(SystemError) -> CInt {
        var status: CInt = 0
        try check("waitpid") { waitpid(process, &status, 0) }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
