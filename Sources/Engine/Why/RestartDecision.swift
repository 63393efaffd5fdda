/// Whether a container is started again after an end, and when. Source: `cli.md` §2.2, restart policy.
struct RestartDecision {
    var policy: RestartPolicy
    var exitCode: Int32
    /// Restarts so far.
    var restartCount: Int
    var stoppedByUser: Bool
    /// Restarts in a row without a run of ten seconds.
    var streak: Int
    /// Nanoseconds that the run lasted.
    var lasted: Int64

    private static let longRun: Int64 = 10_000_000_000
    private static let longestDelay: Int64 = 60_000

    /// Milliseconds to wait and the new streak; nil: it stays as it ended.
    ///
    /// 100 ms, doubled with each restart up to a minute; from the start again when a run lasted ten seconds.
    var next: (delay: Int64, streak: Int)? {
        guard !stoppedByUser, wantsRestart else { return nil }
        let before = lasted >= Self.longRun ? 0 : streak
        return (min(Self.longestDelay, 100 << min(Int64(before), 12)), before + 1)
    }

    private var wantsRestart: Bool {
        switch policy.name {
        case .no: false
        case .always, .unlessStopped: true
        case .onFailure: exitCode != 0 && (policy.maximumRetryCount == 0 || restartCount < policy.maximumRetryCount)
        }
    }

    /// After a start of the daemon or the host, of a container that does not run.
    static func startsWithDaemon(policy: RestartPolicy, exitCode: Int32, stoppedByUser: Bool) -> Bool {
        switch policy.name {
        case .no: false
        case .always: true
        case .unlessStopped: !stoppedByUser
        case .onFailure: !stoppedByUser && exitCode != 0
        }
    }
}
