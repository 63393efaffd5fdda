import Synchronization

/// Tokens by realm, service, scope and who asked, for as long as the server said they are good.
final class TokenStore: Sendable {
    struct Key: Hashable {
        var realm: String
        var service: String
        var scopes: [String]
        var credentials: RegistryCredentials
    }

    private struct Entry {
        var token: String
        var goodUntil: ContinuousClock.Instant
    }

    /// More than any client needs at once; old ones go first.
    private static let capacity = 256
    private let entries = Mutex<[Key: Entry]>([:])

    func token(for key: Key) -> String? {
        entries.withLock { entries in
            guard let entry = entries[key], entry.goodUntil > .now else { return nil }
            return entry.token
        }
    }

    /// - Parameter seconds: how long it is good from now; used until a little before that.
    func keep(_ token: String, for key: Key, seconds: Int) {
        let until = ContinuousClock.now + .seconds(max(0, min(seconds, 3600) - 10))
        entries.withLock { entries in
            if entries.count >= Self.capacity {
                entries = entries.filter { $0.value.goodUntil > .now }
                if entries.count >= Self.capacity { entries.removeAll() }
            }
            entries[key] = Entry(token: token, goodUntil: until)
        }
    }

    func forget(_ key: Key) { entries.withLock { $0[key] = nil } }
}
