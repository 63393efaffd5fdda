import ContainerRuntime
import Essentials
import LinuxSystem

/// What a failed start is told as: Docker's sentence and the exit code that its command line derives from it.
struct StartFailure {
    var message: String
    var exitCode: Int32
    var error: GantryError
    var step: StepFailure

    private static let prefix = "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    private static let ownPrefix = "runc create failed: unable to start container process: "

    init(_ error: any Error) {
        if let start = error as? ProcessStartError {
            let suffix = start.kind == .isDirectory ? ": unknown: permission denied" : ": unknown"
            message = Self.prefix + (start.isWhole ? "" : Self.ownPrefix) + start.message + suffix
            exitCode = start.kind == .notFound ? 127 : start.kind == .other ? 128 : 126
            self.error = GantryError(.invalid, message)
        } else {
            message = "\(error)"
            exitCode = 128
            self.error = (error as? GantryError) ?? GantryError(.internal, "failed to start the container", cause: error)
        }
        step = StepFailure(error)
    }
}

extension ProcessStartError {
    /// A command whose first word is empty text.
    static let emptyProgram = ProcessStartError(
        kind: .notFound, step: "execve ``: no such file or directory", message: "exec: \"\": executable file not found in $PATH")
}

extension StepFailure {
    /// Reads the step, the kernel's answer and the advice out of the error of a start.
    init(_ error: any Error) {
        let system = Self.systemError(error)
        let position = Self.position(error)
        self.init(
            step: system.map { $0.argument.isEmpty ? $0.call : "\($0.call) `\($0.argument)`" } ?? "", number: position?.0,
            total: position?.1, errno: system.map(\.name) ?? "", message: "\(error)",
            advice: StartAdvice.text(for: error, cause: system))
        if let start = error as? ProcessStartError {
            // ``call `argument`: reason``, the plan's last step.
            step = start.step.lastIndex(of: ":").map { String(start.step[..<$0]) } ?? start.step
            errno = StartAdvice.errno(of: start.kind)
        }
    }

    private static func systemError(_ error: any Error) -> SystemError? {
        if let error = error as? SystemError { return error }
        return (error as? GantryError)?.cause.flatMap { systemError($0) }
    }

    /// `(step 27 of 69)` in the runtime's message.
    private static func position(_ error: any Error) -> (Int, Int)? {
        guard let message = (error as? GantryError)?.message, let open = message.firstRange(of: "(step ")?.upperBound else {
            return nil
        }
        let words = message[open...].prefix { $0 != ")" }.split(separator: " ")
        guard words.count == 3, let number = Int(words[0]), let total = Int(words[2]) else { return nil }
        return (number, total)
    }
}
