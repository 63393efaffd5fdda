/// The program could not be run; everything before it went well.
package struct ProcessStartError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable { case notFound, notExecutable, isDirectory, formatError, other }

    package var kind: Kind
    /// What was being done, such as ``execve `/bin/sh` ``.
    package var step: String
    /// Docker's words, such as `exec: "x": executable file not found in $PATH`.
    package var message: String
    /// Another runtime's words, which Docker shows without naming its own beside them.
    package var isWhole: Bool

    package init(kind: Kind, step: String, message: String, isWhole: Bool = false) {
        self.kind = kind
        self.step = step
        self.message = message
        self.isWhole = isWhole
    }

    package var description: String { message }
}
