import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// Creates a container, starts it, and follows it to its end.
///
/// The order matters: attached before the start, or the first output would be lost; waiting before the start, or a quick
/// container would end (and with `--rm` be gone) before anybody asked how. Source: Engine API, what the docker client does.
struct ContainerRun: Sendable {
    var specification: ContainerSpecification
    var detached: Bool
    var proxiesSignals: Bool
    var detachKeys: String?
    var session: Session

    private var console: Console { session.console }

    /// - Returns: the exit status of the container, 0 when it runs on without us.
    func perform() async throws -> Int32 {
        var specification = specification
        if detached {
            specification.detach()
        } else if specification.body.config.tty, specification.body.config.attachStdin, !console.inputIsTerminal {
            throw ExitStatus(1, "the input device is not a TTY")
        }
        if specification.body.config.tty, let size = TerminalSize.of(descriptor: 1) {
            specification.body.hostConfig?.consoleSize = [Int(size.rows), Int(size.columns)]
        }
        do {
            let id = try await ContainerCreation(specification: specification, session: session).perform()
            guard !detached else {
                console.print(id)
                try await session.client.startContainer(id, detachKeys: detachKeys)
                return 0
            }
            return try await follow(id, specification)
        } catch let error as GantryError {
            let text = "gantry: \(ErrorText.of(error))\n\nRun '\(session.commandName) --help' for more information"
            throw ExitStatus(StartFailure.status(error), text)
        }
    }

    private func follow(_ id: String, _ specification: ContainerSpecification) async throws -> Int32 {
        let config = specification.body.config
        let removes = specification.body.hostConfig?.autoRemove == true
        var options = AttachOptions()
        options.stdin = config.attachStdin
        options.stdout = config.attachStdout
        options.stderr = config.attachStderr
        options.detachKeys = detachKeys
        let client = session.client
        // Both at once: only the start has to come after them.
        async let watch = ExitWatch.begin(id, condition: removes ? "removed" : "next-exit", client: client)
        let connection: HijackedConnection
        do { connection = try await client.attach(id, options) } catch let error as GantryError where error.kind == .invalid {
            throw ExitStatus(1, "unable to upgrade to tcp, received 400")
        }
        let exit = try await watch
        let attached = try attachedRun(id, connection, config)
        let keys = detachKeys
        let failure = FailureHolder()
        do {
            let end = try await attached.follow {
                do { try await client.startContainer(id, detachKeys: keys) } catch {
                    await failure.hold()
                    throw error
                }
            }
            if end == .detached { return 0 }
        } catch {
            // With --rm a container that did not start goes as well: when we end, nothing is left of it.
            if await failure.isHeld, removes { _ = try? await exit.status() }
            throw error
        }
        return try await exit.status()
    }

    private func attachedRun(_ id: String, _ connection: HijackedConnection, _ config: ContainerConfig) throws -> AttachedRun {
        let client = session.client
        let keys = try detachKeys.map { try EscapeKeys($0) } ?? .standard
        let relay = StreamRelay(
            connection: connection, terminal: config.tty, sendsInput: config.attachStdin, escapeKeys: keys, console: console)
        return AttachedRun(container: id, relay: relay, forwards: proxiesSignals, client: client)
    }
}

/// Remembers that the start itself failed.
private actor FailureHolder {
    private(set) var isHeld = false
    func hold() { isHeld = true }
}
