import Builder
import CLinux
import Essentials
import LinuxSystem
import Synchronization

/// Secrets and ssh agents of failed steps, for a shell in the step's state: in memory from the step's end until the client that
/// enters it leaves.
final class HeldMounts: Sendable {
    /// How long they wait for the client.
    private static let patience = Duration.seconds(30)

    private struct Entry {
        var directory: String
        var relays: [AgentRelay]
        /// Ends what nobody has come for; nil once somebody has.
        var expiry: Task<Void, Never>?
    }

    private let root: String
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameter execRoot: the daemon's directory in memory. What an earlier daemon held there is removed.
    init(execRoot: String) throws {
        root = "\(execRoot)/held"
        if FileSystem.exists(root) { try FileSystem.removeTree(root) }
    }

    /// Keeps the files and agents among `mounts`.
    /// - Returns: the name to hold them by, and each as `--mount` of `run` takes it. Nil when there are none.
    func add(_ mounts: [StepMount], agents: [String: OwnedDescriptor]) throws -> (id: String, words: [[String]])? {
        let id = Identifier.randomHex(bytes: 16)
        var entry = Entry(directory: "\(root)/\(id)", relays: [])
        var words: [[String]] = []
        do {
            for (number, mount) in mounts.enumerated() {
                let path = "\(entry.directory)/\(number)"
                switch mount {
                case .file(let file):
                    try FileSystem.makeDirectories(entry.directory, mode: 0o711)
                    try file.write(to: path)
                    words.append(["type=bind", "source=\(path)", "target=\(file.target)", "readonly"])
                case .agent(let id, let target, let mode, let user, let group):
                    guard let agent = agents[id] else { continue }
                    try FileSystem.makeDirectories(entry.directory, mode: 0o711)
                    entry.relays.append(try AgentRelay(path: path, agent: agent, mode: mode, userID: user, groupID: group))
                    words.append(["type=bind", "source=\(path)", "target=\(target)", "readonly"])
                case .bind, .cache, .tmpfs: continue
                }
            }
        } catch {
            end(entry)
            throw error
        }
        guard !words.isEmpty else { return nil }
        entry.expiry = Task { [self] in
            do { try await Task.sleep(for: Self.patience) } catch { return }
            remove(id)
        }
        entries.withLock { $0[id] = entry }
        return (id, words)
    }

    /// Holds them until the task is cancelled.
    /// - Parameter begun: called once they are held.
    /// - Throws: `notFound` when they are gone, or somebody else's.
    func hold(_ id: String, begun: () async throws -> Void) async throws {
        try entries.withLock { entries throws(GantryError) in
            guard let expiry = entries[id]?.expiry else { throw .notFound("no mounts of a failed step are held as `\(id)`") }
            expiry.cancel()
            entries[id]?.expiry = nil
        }
        defer { remove(id) }
        try await begun()
        // A stream that never has anything ends with the task.
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        withExtendedLifetime(continuation) {}
    }

    private func remove(_ id: String) {
        if let entry = entries.withLock({ $0.removeValue(forKey: id) }) { end(entry) }
    }

    private func end(_ entry: Entry) {
        for relay in entry.relays { relay.stop() }
        // What cannot be removed is removed by the next daemon.
        try? FileSystem.removeTree(entry.directory)
    }
}
