import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

/// Relays the caller's terminal or pipes to a held process, and lets it run.
struct Foreground {
    let process: ShimProcess
    let terminal: Bool

    /// - Parameter start: surrounds the moment in which the program begins to run.
    /// - Returns: the program's exit code.
    func run(_ start: (() async throws -> Void) async throws -> Void = { try await $0() }) async throws -> Int32 {
        let streams = try await process.attach(stdin: true, stdout: true, stderr: true)
        let raw = terminal ? RawTerminal() : nil
        defer { raw?.restore() }
        if let size = raw?.size { try await process.resize(columns: size.columns, rows: size.rows) }
        let signals = ForwardedSignals()
        let forwarding = Task { await forward(signals) }
        defer { forwarding.cancel() }
        try await start { try await process.release() }
        let input = Task { try await relayInput(streams) }
        defer { input.cancel() }
        let outputs = [try OwnedDescriptor.duplicate(1), try OwnedDescriptor.duplicate(2)]
        while let (stream, bytes) = try await streams.next() { try outputs[stream == .stderr ? 1 : 0].writeAll(bytes) }
        return await process.waitForExit().exitCode
    }

    private func relayInput(_ streams: AttachedStreams) async throws {
        let input = try OwnedDescriptor.duplicate(0)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16384, alignment: 1)
        defer { buffer.deallocate() }
        // A regular file or /dev/null cannot be waited for, and need not be.
        let waits =
            [.fifo, .socket, .characterDevice].contains(try input.status().kind) && isatty(0) == 1
            || (try? input.status().kind) == .fifo
        while true {
            if waits { try await DescriptorPoller.shared.waitReadable(input) }
            let count = try input.read(into: buffer)
            if count == 0 { break }
            try await streams.write(Array(buffer[..<count]))
        }
        try await streams.closeInput()
    }

    private func forward(_ signals: ForwardedSignals) async {
        for await number in signals.arrivals {
            // A process that has just ended has no use for either.
            if number != SIGWINCH {
                try? await process.signal(number)
            } else if terminal, let size = RawTerminal.currentSize() {
                try? await process.resize(columns: size.columns, rows: size.rows)
            }
        }
    }
}

/// The caller's terminal with every key passed on, until restored.
struct RawTerminal {
    private var before = termios()

    init?() {
        guard isatty(0) == 1, tcgetattr(0, &before) == 0 else { return nil }
        var raw = before
        cfmakeraw(&raw)
        tcsetattr(0, TCSANOW, &raw)
    }

    func restore() {
        var before = before
        tcsetattr(0, TCSANOW, &before)
    }

    var size: (columns: UInt16, rows: UInt16)? { Self.currentSize() }

    static func currentSize() -> (columns: UInt16, rows: UInt16)? {
        var size = winsize()
        guard gantry_ioctl(0, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        return (size.ws_col, size.ws_row)
    }
}

extension OwnedDescriptor {
    static func duplicate(_ number: CInt) throws -> OwnedDescriptor {
        OwnedDescriptor(try check("fcntl") { gantry_fcntl(number, F_DUPFD_CLOEXEC, 3) })
    }
}
