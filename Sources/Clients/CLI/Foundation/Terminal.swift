import CLinux
import LinuxSystem

/// Columns and rows.
struct TerminalSize: Sendable, Equatable {
    var columns: UInt16
    var rows: UInt16

    /// The size of the terminal at `descriptor`; nil when it is none or does not say.
    static func of(descriptor: CInt) -> TerminalSize? {
        var size = winsize()
        guard gantry_ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return TerminalSize(columns: size.ws_col, rows: size.ws_row)
    }
}

/// A terminal in raw mode: keys arrive as they are pressed and nothing is echoed. The former mode comes back with ``restore()``.
struct RawTerminal: ~Copyable {
    private let descriptor: CInt
    private let former: termios

    /// - Throws: ``SystemError`` when `descriptor` is no terminal.
    init(descriptor: CInt) throws(SystemError) {
        self.descriptor = descriptor
        var mode = termios()
        try check("tcgetattr") { tcgetattr(descriptor, &mode) }
        former = mode
        cfmakeraw(&mode)
        try check("tcsetattr") { tcsetattr(descriptor, TCSANOW, &mode) }
    }

    /// Without echo only: lines and signals stay as they are. For passwords.
    init(withoutEcho descriptor: CInt) throws(SystemError) {
        self.descriptor = descriptor
        var mode = termios()
        try check("tcgetattr") { tcgetattr(descriptor, &mode) }
        former = mode
        mode.c_lflag &= ~tcflag_t(ECHO)
        try check("tcsetattr") { tcsetattr(descriptor, TCSANOW, &mode) }
    }

    deinit { restore() }

    borrowing func restore() {
        var mode = former
        tcsetattr(descriptor, TCSANOW, &mode)
    }
}
