internal import CLinux

/// A failed system call: which, on what, and why. The narrowest error there is; layers above add what they were trying to do.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    package var call: String
    /// The argument that matters, usually a path; empty when there is none.
    package var argument: String
    package var errno: CInt

    package init(_ call: String, _ argument: String = "", errno: CInt) {
        self.call = call
        self.argument = argument
        self.errno = errno
    }

    /// The error that `errno` holds right now.
    package static func last(_ call: String, _ argument: String = "") -> SystemError {
        SystemError(call, argument, errno: gantry_errno())
    }

    /// `no such file or directory` and the like, in lower case as the kernel's users know them.
    package var reason: String {
        let text = String(cString: strerror(errno))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// `ENOENT` and the like; the number where the C library has no name for it.
    package var name: String { gantry_errno_name(errno).map { String(cString: $0) } ?? String(errno) }

    package var description: String { argument.isEmpty ? "\(call): \(reason)" : "\(call) `\(argument)`: \(reason)" }
}

/// Runs a system call that answers -1 for failure, again after EINTR.
/// - Throws: ``SystemError`` with `call` and `argument`.
@discardableResult
package func check<Result: SignedInteger>(
    _ call: String, _ argument: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = gantry_errno()
        if code != EINTR { throw SystemError(call, argument(), errno: code) }
    }
}
