/// What the shim says of a start on the report socket, in one message of 17 bytes.
package struct StartReport: Equatable, Sendable {
    package enum Outcome: UInt8, Sendable {
        /// The program runs.
        case started = 1
        /// All is prepared, the program waits to be released. Without a process yet (0) when another runtime makes it only then.
        case held = 2
        case failed = 3
        /// The plan could not be read.
        case malformed = 4
        /// The child is at a step `awaitDaemon` and goes on when the daemon sends a byte.
        case awaitsDaemon = 5
    }

    /// Why a program was not found or not run, where the errno alone does not say; Docker words each differently.
    package enum Detail: UInt32, Sendable {
        case none = 0
        /// A name without a slash is in no directory of PATH.
        case notInPath = 1
        /// A path does not exist.
        case missing = 2
        case isDirectory = 3
        case notExecutable = 4
        /// execve itself failed.
        case execute = 5
        /// A hook or another runtime's command ended with the code that stands in place of the errno.
        case hookExit = 6
        /// It was ended by the signal that stands in place of the errno.
        case hookSignal = 7
    }

    package var outcome: Outcome
    /// Of the first process, in the shim's pid namespace.
    package var processID: Int32
    package var step: UInt32
    package var errno: Int32
    package var detail: Detail

    package init(_ outcome: Outcome, processID: Int32, step: UInt32 = 0, errno: Int32 = 0, detail: Detail = .none) {
        self.outcome = outcome
        self.processID = processID
        self.step = step
        self.errno = errno
        self.detail = detail
    }

    package static let size = 17

    package func encode() -> [UInt8] {
        var bytes = [outcome.rawValue]
        PlanCoding.append(processID, to: &bytes)
        PlanCoding.append(step, to: &bytes)
        PlanCoding.append(errno, to: &bytes)
        PlanCoding.append(detail.rawValue, to: &bytes)
        return bytes
    }

    package init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == Self.size, let raw = reader.number(UInt8.self), let outcome = Outcome(rawValue: raw),
            let processID = reader.number(Int32.self), let step = reader.number(UInt32.self), let errno = reader.number(Int32.self),
            let rawDetail = reader.number(UInt32.self), let detail = Detail(rawValue: rawDetail)
        else { return nil }
        self.init(outcome, processID: processID, step: step, errno: errno, detail: detail)
    }
}

/// How the first process ended: the payload of `exited` and the content of the file `exit`, 17 bytes.
package struct ExitReport: Equatable, Sendable {
    /// 128 + the signal when a signal ended it.
    package var code: Int32
    /// 0 for none.
    package var signal: Int32
    package var outOfMemory: Bool
    /// Nanoseconds since 1970.
    package var finishedAt: Int64

    package init(code: Int32, signal: Int32, outOfMemory: Bool, finishedAt: Int64) {
        self.code = code
        self.signal = signal
        self.outOfMemory = outOfMemory
        self.finishedAt = finishedAt
    }

    package func encode() -> [UInt8] {
        var bytes: [UInt8] = [outOfMemory ? 1 : 0]
        PlanCoding.append(code, to: &bytes)
        PlanCoding.append(signal, to: &bytes)
        PlanCoding.append(finishedAt, to: &bytes)
        return bytes
    }

    package init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == 17, let flag = reader.number(UInt8.self), let code = reader.number(Int32.self),
            let signal = reader.number(Int32.self), let finishedAt = reader.number(Int64.self)
        else { return nil }
        self.init(code: code, signal: signal, outOfMemory: flag != 0, finishedAt: finishedAt)
    }
}
