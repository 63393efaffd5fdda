import Essentials

/// What a container remembers of its past: bounded, and enough to say why it is as it is.
struct EndHistory: Codable, Sendable, Hashable {
    /// How many ends are kept.
    static let capacity = 10

    /// Oldest first.
    private(set) var ends: [ContainerEnd] = []
    /// What a client asked of the present run.
    var request: EndRequest?
    /// The host's boot in which the present run began.
    var bootID: String?
    /// Restarts in a row without a run of ten seconds.
    var streak = 0

    mutating func add(_ end: ContainerEnd) {
        ends = Array((ends + [end]).suffix(Self.capacity))
        request = nil
    }
}

/// Decides why a run ended. Pure: what is known goes in, the cause comes out.
struct EndVerdict {
    var exitCode: Int32
    var signal: Int32?
    var outOfMemory: Bool
    var request: EndRequest?
    /// Nothing was left of the container: neither its shim nor what a shim writes at the end.
    var isLost: Bool
    /// The run began in this boot of the host.
    var sameBoot: Bool

    var cause: ContainerEnd.Cause {
        if isLost { return sameBoot ? .shimLost : .hostRestarted }
        if let request {
            if request.meansEnd { return .requested }
            if signal == request.signal { return .requested }
        }
        guard let signal else { return .exited }
        return outOfMemory && signal == SignalNumber.kill ? .outOfMemory : .signal
    }
}
