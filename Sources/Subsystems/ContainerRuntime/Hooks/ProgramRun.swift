internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Runs a program of the host's to its end.
enum ProgramRun {
    struct Outcome: Equatable {
        /// 128 + the signal when a signal ended it.
        var code: Int32
        /// What it wrote, both streams together, as far as it was wanted.
        var output: String
    }

    /// - Parameters:
    ///   - arguments: the first is the program's path, or with `searchPath` its name.
    ///   - environment: nil for our own.
    ///   - input: what it reads.
    ///   - timeout: it is killed then.
    /// - Throws: ``SystemError`` when it cannot be run, `timedOut`.
    static func run(
        _ arguments: [String], program: String? = nil, environment: [String]? = nil, input: [UInt8] = [], timeout: Duration? = nil,
        outputLimit: Int = 4096, searchPath: Bool = false
    ) async throws -> Outcome {
        let program = program ?? arguments[0]
        let run = try begin(arguments, program, environment, input, searchPath)
        return try finish(run, program, ended: await wait(run.handle, timeout), outputLimit)
    }

    /// As ``run(_:program:environment:input:timeout:outputLimit:searchPath:)`` without input, for callers that may block.
    static func runBlocking(_ arguments: [String], environment: [String]?, timeout: Duration) throws -> Outcome {
        let run = try begin(arguments, arguments[0], environment, [], false)
        var entry = pollfd(fd: run.handle.raw, events: Int16(POLLIN), revents: 0)
        var ready: CInt = -1
        repeat {
            ready = poll(&entry, 1, CInt(clamping: timeout.components.seconds * 1000))
        } while ready < 0 && gantry_errno() == EINTR
        return try finish(run, arguments[0], ended: ready > 0, 4096)
    }

    private struct Run {
        var process: pid_t
        var handle: OwnedDescriptor
        var output: OwnedDescriptor
    }

    private static func begin(
        _ arguments: [String], _ program: String, _ environment: [String]?, _ input: [UInt8], _ searchPath: Bool
    ) throws -> Run {
        let inputFile = try memoryFile("input")
        try inputFile.writeAll(input)
        try LinuxSystem.check("lseek") { lseek(inputFile.raw, 0, SEEK_SET) }
        let output = try memoryFile("output")
        let process = try spawn(program, arguments, environment, [inputFile.raw, output.raw, output.raw], searchPath)
        return Run(
            process: process, handle: OwnedDescriptor(try LinuxSystem.check("pidfd_open") { gantry_pidfd_open(process, 0) }),
            output: output)
    }

    private static func finish(_ run: Run, _ program: String, ended: Bool, _ outputLimit: Int) throws -> Outcome {
        let output = run.output
        if !ended { gantry_pidfd_send_signal(run.handle.raw, SIGKILL) }
        var status: CInt = 0
        try LinuxSystem.check("waitpid", program) { waitpid(run.process, &status, 0) }
        guard ended else { throw GantryError(.timedOut, "`\(program)` did not end in time") }
        let code = gantry_wifsignaled(status) != 0 ? 128 + gantry_wtermsig(status) : gantry_wexitstatus(status)
        try LinuxSystem.check("lseek") { lseek(output.raw, 0, SEEK_SET) }
        var buffer = [UInt8](repeating: 0, count: outputLimit)
        let count = try buffer.withUnsafeMutableBytes { try output.read(into: $0) }
        var text = String(decoding: buffer[..<count], as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return Outcome(code: code, output: text)
    }

    /// - Returns: false when the time was up first.
    private static func wait(_ handle: OwnedDescriptor, _ timeout: Duration?) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                // Only cancelling ends this before the process does.
                do { try await DescriptorPoller.shared.waitReadable(handle) } catch { return false }
                return true
            }
            if let timeout {
                group.addTask {
                    do { try await Task.sleep(for: timeout) } catch { return true }
                    return false
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private static func memoryFile(_ name: String) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try LinuxSystem.check("memfd_create", name) { gantry_memfd_create(name, UInt32(MFD_CLOEXEC)) })
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String]?, _ streams: [CInt], _ searchPath: Bool
    ) throws(SystemError) -> pid_t {
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        var process: pid_t = 0
        let code = words.withUnsafeMutableBufferPointer { words in
            variables.withUnsafeMutableBufferPointer { variables in
                let environment = environment == nil ? gantry_environ()! : variables.baseAddress!
                return gantry_spawn_program(program, words.baseAddress!, environment, streams, searchPath ? 1 : 0, &process)
            }
        }
        guard code == 0 else { throw SystemError("posix_spawn", program, errno: code) }
        return process
    }
}
