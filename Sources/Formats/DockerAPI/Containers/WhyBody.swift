/// Why a container is as it is, from what was recorded. Gantry's own part of ContainerInspectResponse: Docker has none.
package struct WhyBody: Codable, Sendable, Hashable {
    /// One sentence.
    @Lenient package var summary = ""
    /// Of the last end, such as `out-of-memory`; empty when no run has ended.
    @Lenient package var cause = ""
    @Lenient package var facts: [String] = []
    @Lenient package var advice: [String] = []
    /// The last ends, newest first.
    @Lenient package var ends: [EndBody] = []
    /// RFC 3339; when the restart policy starts it again.
    package var nextStartAt: String?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case summary = "Summary"
        case cause = "Cause"
        case facts = "Facts"
        case advice = "Advice"
        case ends = "Ends"
        case nextStartAt = "NextStartAt"
    }
}

/// How one run ended, or that it did not begin.
package struct EndBody: Codable, Sendable, Hashable, Blank {
    /// `exited`, `requested`, `out-of-memory`, `signal`, `start-failed`, `shim-lost`, `host-restarted`.
    @Lenient package var cause = ""
    /// RFC 3339; absent when it did not begin.
    package var startedAt: String?
    @Lenient package var finishedAt = ""
    @Lenient package var exitCode = 0
    /// `SIGKILL`; absent when the program ended by itself.
    package var signal: String?
    @OmitEmpty package var oomKilled = false
    /// Bytes.
    @OmitEmpty package var memoryLimit: Int64 = 0
    @OmitEmpty package var memoryPeak: Int64 = 0
    package var request: Request?
    package var failure: Failure?
    /// Milliseconds until the restart that followed; absent when none did.
    package var restartDelayMs: Int64?

    package init() {}

    package static var blank: EndBody { EndBody() }

    /// What a client had asked for.
    package struct Request: Codable, Sendable, Hashable {
        @Lenient package var action = ""
        @Lenient package var signal = ""
        @Lenient package var client = ""
        @Lenient package var at = ""
        package var killedAt: String?

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case action = "Action"
            case signal = "Signal"
            case client = "Client"
            case at = "At"
            case killedAt = "KilledAt"
        }
    }

    /// The step of a start that failed.
    package struct Failure: Codable, Sendable, Hashable {
        @Lenient package var message = ""
        @Lenient package var step = ""
        package var number: Int?
        package var total: Int?
        @Lenient package var errno = ""

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case message = "Message"
            case step = "Step"
            case number = "Number"
            case total = "Total"
            case errno = "Errno"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case cause = "Cause"
        case startedAt = "StartedAt"
        case finishedAt = "FinishedAt"
        case exitCode = "ExitCode"
        case signal = "Signal"
        case oomKilled = "OOMKilled"
        case memoryLimit = "MemoryLimit"
        case memoryPeak = "MemoryPeak"
        case request = "Request"
        case failure = "Failure"
        case restartDelayMs = "RestartDelayMs"
    }
}
