package import Essentials

/// What a client asked for that may have ended a run.
package struct EndRequest: Sendable, Codable, Hashable {
    /// `stop`, `kill`, `restart` or `rm`.
    package var action: String
    /// Sent to the first process.
    package var signal: Int32
    /// The client's `User-Agent`; empty when it sent none.
    package var client: String
    package var at: Timestamp
    /// The signal is one that ends containers: the stop signal or SIGKILL.
    package var meansEnd: Bool
    /// When the daemon sent SIGKILL because the time was over.
    package var escalatedAt: Timestamp?

    package init(action: String, signal: Int32, client: String, at: Timestamp, meansEnd: Bool) {
        self.action = action
        self.signal = signal
        self.client = client
        self.at = at
        self.meansEnd = meansEnd
    }
}

/// Why a start failed: the step of the plan, the kernel's answer, what can be done.
package struct StepFailure: Sendable, Codable, Hashable {
    /// What was being done, such as ``bind `/a` on `/b` ``; empty when the failure came before the plan.
    package var step: String
    /// Counted from 1; nil when the failure came before the plan.
    package var number: Int?
    package var total: Int?
    /// The kernel's error, such as `ENOENT`; empty when the kernel was not asked.
    package var errno: String
    package var message: String
    /// Empty when there is nothing to say.
    package var advice: String
}

/// How one run ended, or that it did not begin.
package struct ContainerEnd: Sendable, Codable, Hashable {
    package enum Cause: String, Sendable, Codable {
        /// The program ended by itself.
        case exited
        /// A client asked for it.
        case requested
        /// The kernel killed it for want of memory.
        case outOfMemory = "out-of-memory"
        /// A signal that no client of this daemon asked for.
        case signal
        /// The program was never run.
        case startFailed = "start-failed"
        /// The process that minds the container was killed, and the container with it.
        case shimLost = "shim-lost"
        /// The host was restarted.
        case hostRestarted = "host-restarted"
    }

    package var cause: Cause
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp
    package var exitCode: Int32
    /// The signal that ended the first process.
    package var signal: Int32?
    /// The kernel killed something in the container, not necessarily the first process.
    package var outOfMemory = false
    /// Bytes, of the run that ran out of memory; 0 when unknown.
    package var memoryLimit: Int64 = 0
    package var memoryPeak: Int64 = 0
    package var request: EndRequest?
    package var failure: StepFailure?
    /// Milliseconds until the restart that the policy asked for; nil when it was left as it ended.
    package var restartDelay: Int64?

    package init(cause: Cause, startedAt: Timestamp?, finishedAt: Timestamp, exitCode: Int32) {
        self.cause = cause
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
    }
}

/// Why a container is as it is, from what was recorded. Made by `WhyReport`.
package struct ContainerWhy: Sendable, Hashable {
    /// One sentence.
    package var summary: String
    /// Further facts, a sentence each.
    package var facts: [String]
    /// What can be done about it.
    package var advice: [String]
    /// The last ends, newest first.
    package var ends: [ContainerEnd]
    /// When the policy starts it again.
    package var nextStartAt: Timestamp?
}

/// The client on whose behalf the engine works.
package enum Caller {
    /// Its `User-Agent`; empty for the engine itself.
    @TaskLocal package static var client = ""
}
