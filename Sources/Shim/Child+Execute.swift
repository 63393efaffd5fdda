import CLinux

extension Child {
    /// Becomes the program, looked up inside the container as a shell would.
    func execute(_ step: PlanStep) throws(Failure) {
        let count = Int(try step.number(0))
        guard count > 0, count <= step.strings.count else { throw Failure(errno: EBADMSG) }
        let arguments = step.strings[..<count]
        let environment = step.strings[count...]
        let program = step.strings[0]
        // Everything else is close-on-exec already; this also covers what the daemon's libraries may have left behind.
        try attempt { gantry_close_range(3, UInt32.max, UInt32(CLOSE_RANGE_CLOEXEC)) }
        gantry_reset_signals()
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
    private func pointers(_ list: ArraySlice<[UInt8]>) -> [UnsafeMutablePointer<CChar>?] {
        var result: [UnsafeMutablePointer<CChar>?] = []
        for entry in list { result.append(withC(entry) { strdup($0) }) }
        result.append(nil)
        return result
    }
}
