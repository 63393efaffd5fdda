import CLinux

extension Child {
    /// Becomes the program, looked up inside the container as a shell would.
    mutating func execute(_ step: PlanStep) throws(Failure) {
        let count = Int(try step.number(0))
        guard count > 0, count <= step.strings.count else { throw Failure(errno: EBADMSG) }
        let arguments = step.strings[..<count]
        let environment = step.strings[count...]
        let program = step.strings[0]
        // Everything else is close-on-exec already; this also covers what the daemon's libraries may have left behind.
        try attempt { gantry_close_range(3, UInt32.max, UInt32(CLOSE_RANGE_CLOEXEC)) }
        gantry_reset_signals()
        try placePreserved()
        let argv = pointers(arguments)
        let envp = pointers(environment)
        if program.contains(UInt8(ascii: "/")) {
            try examine(program)
            run(program, argv, envp)
            throw Failure(errno: gantry_errno(), detail: .execute)
        }
        for directory in searchPath(environment) {
            let candidate = (directory.isEmpty ? bytes(".") : directory) + [UInt8(ascii: "/")] + program
            do throws(Failure) { try examine(candidate) } catch { continue }
            run(candidate, argv, envp)
            throw Failure(errno: gantry_errno(), detail: .execute)
        }
        throw Failure(errno: ENOENT, detail: .notInPath)
    }

    /// What `execute` would find missing is found before the process is held: an engine wants to hear of it from `create`.
    func locate(_ step: PlanStep) throws(Failure) {
        let program = try step.string(0)
        if program.contains(UInt8(ascii: "/")) { return try examine(program) }
        for directory in searchPath(step.strings.dropFirst()) {
            let candidate = (directory.isEmpty ? bytes(".") : directory) + [UInt8(ascii: "/")] + program
            do throws(Failure) { return try examine(candidate) } catch { continue }
        }
        throw Failure(errno: ENOENT, detail: .notInPath)
    }

    /// Gives the program the descriptors that it is to have beyond the standard three. Copies stand far above first, so that none
    /// is overwritten before its turn; the channel, needed until execve, makes room as well.
    private mutating func placePreserved() throws(Failure) {
        if preserved.isEmpty { return }
        let above = Int(preserved.count) + 64
        let channel = self.channel
        self.channel = try attempt { gantry_fcntl(channel, F_DUPFD_CLOEXEC, above) }
        var copies: [CInt] = []
        for descriptor in preserved { copies.append(try attempt { gantry_fcntl(descriptor, F_DUPFD_CLOEXEC, above) }) }
        for (index, copy) in copies.enumerated() { try attempt { dup2(copy, CInt(index) + 3) } }
        if CInt(preserved.count) + 3 <= channel { close(channel) }
    }

    private func run(_ path: [UInt8], _ argv: [UnsafeMutablePointer<CChar>?], _ envp: [UnsafeMutablePointer<CChar>?]) {
        _ = withC(path) { execve($0, argv, envp) }
    }

    /// Tells apart what execve answers with one number.
    private func examine(_ path: [UInt8]) throws(Failure) {
        var status = stat()
        guard withC(path, { stat($0, &status) }) == 0 else { throw Failure(errno: gantry_errno(), detail: .missing) }
        if gantry_file_type(status.st_mode) == Int(S_IFDIR) { throw Failure(errno: EISDIR, detail: .isDirectory) }
        guard status.st_mode & 0o111 != 0, withC(path, { faccessat(AT_FDCWD, $0, X_OK, Int32(AT_EACCESS)) }) == 0 else {
            throw Failure(errno: EACCES, detail: .notExecutable)
        }
    }

    private func searchPath(_ environment: ArraySlice<[UInt8]>) -> [[UInt8]] {
        let prefix = bytes("PATH=")
        var found = bytes("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        for entry in environment where entry.starts(with: prefix) { found = Array(entry[prefix.count...]) }
        return found.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { Array($0) }
    }

    /// A zero-terminated list of C strings that lives until execve.
    func pointers(_ list: ArraySlice<[UInt8]>) -> [UnsafeMutablePointer<CChar>?] {
        var result: [UnsafeMutablePointer<CChar>?] = []
        for entry in list { result.append(withC(entry) { strdup($0) }) }
        result.append(nil)
        return result
    }
}
