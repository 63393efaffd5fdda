import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// Shows the messages of a pull, push, load or import as they come.
struct TransferDisplay {
    enum Output { case standard, error, none }

    private let console: Console
    private let output: Output
    private let isLive: Bool
    private var view = TransferView()
    private var region: LiveRegion
    private var lastFrame: ContinuousClock.Instant?
    /// Time between frames that only move a bar.
    private static let pause = Duration.milliseconds(80)

    /// - Parameter output: `none` shows nothing, but errors of the stream are still thrown.
    init(console: Console, output: Output, environment: [String: String]) {
        self.console = console
        self.output = output
        switch output {
        case .standard: isLive = console.outputIsTerminal
        case .error: isLive = console.errorIsTerminal
        case .none: isLive = false
        }
        region = LiveRegion(colour: environment["NO_COLOR"].map(\.isEmpty) ?? true)
    }

    /// Shows all of `messages`.
    /// - Parameter each: is given every message too, for what a command wants to know of it.
    /// - Throws: ``GantryError`` when the stream reports a failure, in the daemon's words.
    mutating func show(_ messages: JSONLines<JSONMessage>, each: (JSONMessage) -> Void = { _ in }) async throws {
        do {
            for try await message in messages {
                if let text = message.errorDetail?.message ?? message.error { throw GantryError(.unavailable, text) }
                each(message)
                // A message with only `aux` has nothing for people.
                if message.status != nil || message.stream != nil { apply(Self.update(message)) }
            }
        } catch {
            settle()
            throw error
        }
        settle()
    }

    private static func update(_ message: JSONMessage) -> TransferView.Update {
        let detail = message.progressDetail
        let bar = detail.map { ProgressBar(current: $0.current ?? 0, total: $0.total ?? 0) }
        return TransferView.Update(id: message.id, status: message.status ?? "", bar: bar, stream: message.stream)
    }

    private mutating func apply(_ update: TransferView.Update) {
        guard output != .none else { return }
        guard isLive else {
            if let line = TransferView.plain(update) { put(line) }
            return
        }
        switch view.apply(update) {
        case .text(let text):
            settle()
            put(text)
        case .rows(let settled):
            let now = ContinuousClock.now
            if let lastFrame, !settled, now - lastFrame < Self.pause { return }
            lastFrame = now
            let size = self.size
            put(region.frame(view.lines(width: size.columns), size: size))
        }
    }

    /// Leaves the rows as they are on the screen.
    private mutating func settle() {
        guard isLive else { return }
        let size = self.size
        let lines = view.lines(width: size.columns)
        if !lines.isEmpty { put(region.settle(lines, size: size)) }
        view.startBlock()
    }

    private var size: LiveRegion.Size {
        let size = TerminalSize.of(descriptor: output == .error ? 2 : 1)
        return LiveRegion.Size(columns: size.map { Int($0.columns) } ?? 80, rows: size.map { Int($0.rows) } ?? 24)
    }

    private func put(_ text: String) {
        if output == .error { console.errorText(text) } else { console.text(text) }
    }
}
