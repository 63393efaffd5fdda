import CLinux
import LinuxSystem

/// Where results, and what is said beside them, go. Replaced in tests.
struct Console: Sendable {
    /// Standard output: data.
    var write: @Sendable ([UInt8]) -> Void
    /// Standard error: progress, warnings, errors.
    var writeError: @Sendable ([UInt8]) -> Void
    var inputIsTerminal: Bool
    var outputIsTerminal: Bool
    var errorIsTerminal: Bool

    init(
        write: @escaping @Sendable ([UInt8]) -> Void, writeError: @escaping @Sendable ([UInt8]) -> Void,
        inputIsTerminal: Bool = false, outputIsTerminal: Bool = false, errorIsTerminal: Bool = false
    ) {
        self.write = write
        self.writeError = writeError
        self.inputIsTerminal = inputIsTerminal
        self.outputIsTerminal = outputIsTerminal
        self.errorIsTerminal = errorIsTerminal
    }

    /// The program's own descriptors.
    static var standard: Console {
        Console(
            write: { Self.write($0, to: 1) }, writeError: { Self.write($0, to: 2) },
            inputIsTerminal: isatty(0) == 1, outputIsTerminal: isatty(1) == 1, errorIsTerminal: isatty(2) == 1)
    }

    func print(_ line: String) { write(Array((line + "\n").utf8)) }
    func text(_ text: String) { write(Array(text.utf8)) }
    func printError(_ line: String) { writeError(Array((line + "\n").utf8)) }
    func errorText(_ text: String) { writeError(Array(text.utf8)) }

    /// One line from standard input, without its newline; nil at its end.
    func readLine() -> String? { Swift.readLine(strippingNewline: true) }

    /// Asks a question that is answered with y or n; anything but `y` and the end of input mean no. Source: docker's prompts.
    func confirm(_ question: String) -> Bool {
        text("\(question) [y/N] ")
        guard let answer = readLine() else {
            text("\n")
            return false
        }
        return answer.trimmed.lowercased() == "y"
    }

    /// Columns of the terminal on standard output, 80 when there is none or it does not say.
    var width: Int { TerminalSize.of(descriptor: 1).map { Int($0.columns) } ?? 80 }

    /// A closed pipe ends the program as it does for every filter; other errors of writing cannot be told to anybody.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
            if count >= 0 {
                offset += count
            } else if gantry_errno() == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if gantry_errno() == EPIPE {
                _exit(141)
            } else if gantry_errno() != EINTR {
                return
            }
        }
    }
}
