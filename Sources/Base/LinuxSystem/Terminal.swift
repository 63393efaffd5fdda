internal import CLinux

/// Columns and rows of a terminal.
package struct TerminalSize: Sendable, Equatable {
    package var columns: UInt16
    package var rows: UInt16

    package init(columns: UInt16, rows: UInt16) {
        self.columns = columns
        self.rows = rows
    }

    /// The size of the terminal at `descriptor`; nil when it is none or does not say.
    package static func of(descriptor: CInt) -> TerminalSize? {
        var size = winsize()
        guard gantry_ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return TerminalSize(columns: size.ws_col, rows: size.ws_row)
    }
}

/// A terminal in another mode; the former one comes back with ``restore()``, or when this goes.
package final class TerminalMode: Sendable {
    private let descriptor: CInt
    // Plain bytes, written once here and only read later.
    private let former: termios

    private init(_ descriptor: CInt, change: (inout termios) -> Void) throws(SystemError) {
        self.descriptor = descriptor
        var mode = termios()
        try check("tcgetattr") { tcgetattr(descriptor, &mode) }
        former = mode
        change(&mode)
        try check("tcsetattr") { tcsetattr(descriptor, TCSANOW, &mode) }
    }

    /// Keys arrive as they are pressed, nothing is echoed, and no key is a signal.
    /// - Throws: ``SystemError`` when `descriptor` is no terminal.
    package static func raw(descriptor: CInt) throws(SystemError) -> TerminalMode {
        try TerminalMode(descriptor) { cfmakeraw(&$0) }
    }

    /// As it is, but what is typed is not shown: for passwords.
    package static func withoutEcho(descriptor: CInt) throws(SystemError) -> TerminalMode {
        try TerminalMode(descriptor) { $0.c_lflag &= ~tcflag_t(ECHO) }
    }

    deinit { restore() }

    package func restore() {
        var mode = former
        tcsetattr(descriptor, TCSANOW, &mode)
    }
}
