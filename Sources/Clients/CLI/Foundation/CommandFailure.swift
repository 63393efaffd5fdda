import ArgumentParser

/// Flags that cannot be understood: the message, the usage line and a pointer to `--help`; exit status 125.
package struct UsageError: Error, Equatable {
    package var message: String

    package init(_ message: String) { self.message = message }

    /// Docker's words for a value that a flag cannot take.
    /// - Parameter flag: as shown to the user, `-m, --memory` or `--cpus`.
    package static func invalid(_ value: String, flag: String, _ reason: String) -> UsageError {
        UsageError("invalid argument \"\(value)\" for \"\(flag)\" flag: \(reason)")
    }
}

/// Ends the program with `code`, after printing `message` on standard error when there is one.
package struct ExitStatus: Error, Equatable {
    package var code: Int32
    package var message: String?

    package init(_ code: Int32, _ message: String? = nil) {
        self.code = code
        self.message = message
    }
}
