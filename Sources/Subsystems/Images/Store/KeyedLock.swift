import Glibc

/// Lets one thread at a time work on a key; others with the same key wait. Blocks, so only for threads that may.
final class KeyedLock: @unchecked Sendable {
    // Unchecked: `held` is touched only with `mutex` locked; the two pointers never change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var held: Set<String> = []

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ key: String, _ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        while held.contains(key) { pthread_cond_wait(condition, mutex) }
        held.insert(key)
        pthread_mutex_unlock(mutex)
        defer {
            pthread_mutex_lock(mutex)
            held.remove(key)
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body()
    }
}
