/// Flags that cannot be understood: the message, the usage line and a pointer to `--help`; exit status 125.
struct UsageError: Error, Equatable {
    var message: String

    init(_ message: String) { self.message = message }

    /// Docker's words for a value that a flag cannot take.
    /// - Parameter flag: as shown to the user, `-m, --memory` or `--cpus`.
    static func invalid(_ value: String, flag: String, _ reason: String) -> UsageError {
        UsageError("invalid argument \"\(value)\" for \"\(flag)\" flag: \(reason)")
    }
}

/// Ends the program with `code`, after printing `message` on standard error when there is one.
struct ExitStatus: Error, Equatable {
    var code: Int32
    var message: String?

    init(_ code: Int32, _ message: String? = nil) {
        self.code = code
        self.message = message
    }
}
