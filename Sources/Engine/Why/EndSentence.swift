import Essentials

/// One end of a run in words.
struct EndSentence {
    let end: ContainerEnd

    init(_ end: ContainerEnd) { self.end = end }

    /// What happened, in one sentence.
    var text: String {
        switch end.cause {
        case .exited: "its program ended by itself with code \(end.exitCode)\(lasted)"
        case .requested: requested
        case .outOfMemory: "killed by the kernel: out of memory\(memory)\(lasted)"
        case .signal: "ended by \(signalName)\(lasted); no client of this daemon sent it, the sender is unknown"
        case .startFailed: "did not start: \(end.failure?.message ?? "")"
        case .shimLost: "killed together with its gantry-shim process, which somebody outside Gantry ended"
        case .hostRestarted: "ended with the host, which was restarted while it ran"
        }
    }

    /// Further facts.
    var details: [String] {
        var result: [String] = []
        if let failure = end.failure, !failure.step.isEmpty {
            let place = failure.number.flatMap { number in failure.total.map { " (step \(number) of \($0))" } } ?? ""
            let errno = failure.errno.isEmpty ? "" : ": \(failure.errno)"
            result.append("the step that failed: \(failure.step)\(place)\(errno)")
        }
        if end.outOfMemory, end.cause != .outOfMemory {
            result.append("the kernel killed a process in it for want of memory\(memory)")
        }
        if end.cause == .exited, let known = Self.meaning(of: end.exitCode) { result.append(known) }
        if end.cause == .signal, let signal = end.signal, let fault = Self.faults[signal] {
            result.append("the kernel sends \(signalName) \(fault)")
        }
        if end.cause == .exited, let request = end.request {
            result.append("a client\(name(request)) had sent \(SignalNumber.name(request.signal)) before")
        }
        return result
    }

    var advice: [String] {
        switch end.cause {
        case .startFailed: return end.failure.map { $0.advice.isEmpty ? [] : [$0.advice] } ?? []
        case _ where end.outOfMemory && end.memoryLimit > 0:
            return ["raise the limit (`gantry update --memory`), or make the program use less"]
        case _ where end.outOfMemory: return ["the host itself ran out of memory: set limits with --memory, or add memory"]
        default: return []
        }
    }

    // MARK: Parts

    private var requested: String {
        guard let request = end.request else { return "ended on request" }
        let by = "a client\(name(request)) asked for `\(request.action)`"
        if let escalated = request.escalatedAt, end.signal == SignalNumber.kill {
            let waited = Self.span(escalated.nanoseconds - request.at.nanoseconds)
            return
                "killed by the daemon with SIGKILL: \(by), and the program was still there \(waited) after \(SignalNumber.name(request.signal))"
        }
        if end.signal != nil { return "ended by \(signalName): \(by)" }
        return "ended with code \(end.exitCode) after \(SignalNumber.name(request.signal)): \(by)"
    }

    private func name(_ request: EndRequest) -> String { request.client.isEmpty ? "" : " (\(request.client))" }

    private var signalName: String { end.signal.map(SignalNumber.name) ?? "a signal" }

    private var lasted: String {
        end.startedAt.map { " after \(Self.span(end.finishedAt.nanoseconds - $0.nanoseconds))" } ?? ""
    }

    private var memory: String {
        guard end.memoryLimit > 0 else { return "" }
        let peak = end.memoryPeak > 0 ? ", highest use \(ByteSize.binary(end.memoryPeak))" : ""
        return " (limit \(ByteSize.binary(end.memoryLimit))\(peak))"
    }

    /// When the kernel itself sends a signal. Source: signal(7).
    private static let faults: [Int32: String] = [
        4: "after an illegal instruction", 5: "at a breakpoint or trap", 6: "never: programs abort themselves with it",
        7: "after a bad access to a mapped file or device", 8: "after a division by zero or the like",
        11: "after an access to memory that is not the program's", 31: "after a system call that the seccomp filter forbids",
    ]

    /// Codes with a meaning that shells and runtimes agree on.
    private static func meaning(of code: Int32) -> String? {
        switch code {
        case 126: "code 126: by custom, a shell found the command but could not execute it"
        case 127: "code 127: by custom, a shell did not find the command"
        case 129...192: "code \(code): by custom, a shell's child was ended by \(SignalNumber.name(code - 128))"
        default: nil
        }
    }

    /// `350ms`, `12s`, `3m20s`, `5h2m`, `3 days`.
    static func span(_ nanoseconds: Int64) -> String {
        let milliseconds = max(0, nanoseconds) / 1_000_000
        let seconds = milliseconds / 1000
        switch seconds {
        case 0: return "\(milliseconds)ms"
        case ..<60: return milliseconds % 1000 >= 100 && seconds < 10 ? "\(seconds).\(milliseconds % 1000 / 100)s" : "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m\(seconds % 60)s"
        case ..<172_800: return "\(seconds / 3600)h\(seconds % 3600 / 60)m"
        default: return "\(seconds / 86_400) days"
        }
    }
}
