import CLinux
import EngineClient
import Essentials
import LinuxSystem

/// Follows a container or exec that we are attached to: streams, terminal, window size and signals.
struct AttachedRun: Sendable {
    var relay: StreamRelay
    /// Our own terminal is put into raw mode: it has a terminal and reads from ours.
    var takesTerminal: Bool
    /// Passes a signal on; nil when signals are not passed on.
    var forward: (@Sendable (Int32) async -> Void)?
    /// Tells the size of our window; nil without a terminal.
    var resize: (@Sendable (TerminalSize) async throws -> Void)?

    init(
        relay: StreamRelay, takesTerminal: Bool, forward: (@Sendable (Int32) async -> Void)? = nil,
        resize: (@Sendable (TerminalSize) async throws -> Void)? = nil
    ) {
        self.relay = relay
        self.takesTerminal = takesTerminal
        self.forward = forward
        self.resize = resize
    }

    /// To the container `id`.
    /// - Parameter forwards: signals are passed on.
    init(container id: String, relay: StreamRelay, forwards: Bool, client: EngineClient) {
        let console = relay.console
        self.init(relay: relay, takesTerminal: relay.terminal && relay.sendsInput && console.inputIsTerminal)
        if forwards {
            // A container that does not run yet, or no longer, takes no signals: that is for its end to tell.
            forward = { number in _ = try? await client.killContainer(id, signal: String(number)) }
        }
        if relay.terminal && console.outputIsTerminal {
            resize = { size in try await client.resizeContainer(id, columns: size.columns, rows: size.rows) }
        }
    }

    /// - Parameter start: called when everything is connected; starts what we are attached to.
    func follow(start: @Sendable () async throws -> Void = {}) async throws -> StreamRelay.End {
        let mode = try takesTerminal ? Self.rawMode() : nil
        defer { mode?.restore() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            if relay.terminal {
                let watch = SignalWatch([SIGTERM, SIGHUP, SIGWINCH])
                group.addTask { await watchTerminal(watch, mode) }
            } else if let forward {
                let watch = SignalWatch(SignalWatch.forwarded)
                group.addTask { await Self.passOn(watch, forward, relay.console) }
            }
            try await start()
            if let resize { group.addTask { await Self.tellSize(resize) } }
            return try await relay.run()
        }
    }

    private static func rawMode() throws -> TerminalMode {
        do { return try TerminalMode.raw(descriptor: 0) } catch {
            throw GantryError(.unavailable, "cannot put the terminal into raw mode", cause: error)
        }
    }

    /// With a terminal every key is a byte; signals that come all the same are meant for us.
    private func watchTerminal(_ watch: SignalWatch, _ mode: TerminalMode?) async {
        for await number in watch.signals {
            if number == SIGWINCH {
                if let resize { await Self.tellSize(resize, attempts: 1) }
            } else {
                mode?.restore()
                exit(128 + number)
            }
        }
    }

    private static func passOn(_ watch: SignalWatch, _ forward: @Sendable (Int32) async -> Void, _ console: Console) async {
        var endings = 0
        for await number in watch.signals {
            if number == SIGINT || number == SIGTERM {
                endings += 1
                if endings == 3 {
                    console.printError("\ngot 3 SIGTERM/SIGINTs, forcefully exiting")
                    exit(1)
                }
            }
            await forward(number)
        }
    }

    /// The terminal inside may not exist yet in the first moments.
    private static func tellSize(_ resize: @Sendable (TerminalSize) async throws -> Void, attempts: Int = 10) async {
        guard let size = TerminalSize.of(descriptor: 1) ?? TerminalSize.of(descriptor: 0) else { return }
        for attempt in 1...attempts {
            do { return try await resize(size) } catch {
                // A window of the wrong size is no reason to end; the next change of size tries again.
                if Task.isCancelled { return }
                do { try await Task.sleep(for: .milliseconds(10 * attempt)) } catch { return }
            }
        }
    }
}
