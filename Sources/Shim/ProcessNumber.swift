import CLinux

/// Numbers of processes in files of the state directory.
enum ProcessNumber {
    /// For a daemon that comes later; the file appears whole or not at all.
    static func keep(_ processID: CInt) {
        let content = decimal(Int64(processID))
        let file = withC("pid.new") { gantry_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600) }
        if file < 0 { return }
        let count = content.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
        if count == content.count { _ = withC("pid.new") { from in withC("pid") { rename(from, $0) } } }
    }

    /// What another runtime wrote into its file.
    static func ofRuntime() throws(Failure) -> CInt {
        let file = Descriptor(
            try attempt { withC("runtime.pid") { gantry_openat(AT_FDCWD, $0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0) } })
        var content = [UInt8](repeating: 0, count: 32)
        let count = content.withUnsafeMutableBytes { CLinux.read(file.raw, $0.baseAddress, $0.count) }
        var number: CInt = 0
        for digit in content[..<max(0, count)] {
            guard digit >= 48, digit <= 57, number < 1 << 27 else { break }
            number = number * 10 + CInt(digit - 48)
        }
        guard number > 1 else { throw Failure(errno: EBADMSG) }
        return number
    }
}
