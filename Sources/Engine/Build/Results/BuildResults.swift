import Essentials
import OCI
import Synchronization

/// The results of the last builds, for clients that come back for them: what they consist of is in the store.
final class BuildResults: Sendable {
    struct Entry: Sendable {
        var result: BuildResult
        var form: ExportForm
        var names: [Reference]
    }

    private static let kept = 64
    private let entries = Mutex<(order: [String], byID: [String: Entry])>(([], [:]))

    /// - Returns: the id under which it is found.
    func add(_ entry: Entry) -> String {
        let id = Identifier.random()
        entries.withLock { entries in
            entries.order.append(id)
            entries.byID[id] = entry
            while entries.order.count > Self.kept { entries.byID[entries.order.removeFirst()] = nil }
        }
        return id
    }

    func find(_ id: String) throws -> Entry {
        guard let entry = entries.withLock({ $0.byID[id] }) else {
            throw GantryError.notFound(
                "no such build result: \(id)", hint: "build it again: results are remembered for a while only")
        }
        return entry
    }
}
