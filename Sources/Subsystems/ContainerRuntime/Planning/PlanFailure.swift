internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import ShimProtocol

/// Turns the shim's numbers into a sentence: the plan says what was being done.
enum PlanFailure {
    static func error(_ report: StartReport, plan: Plan) -> any Error {
        if report.outcome == .malformed { return GantryError.internal("the shim could not read its plan") }
        guard Int(report.step) < plan.steps.count else {
            return GantryError.unavailable("the container's process was killed before it could run its program")
        }
        let step = plan.steps[Int(report.step)]
        let cause = SystemError(call(step), argument(step), errno: report.errno)
        switch step.operation {
        case .execute, .locate: return startError(step, report, cause)
        case .hook: return hookError(step, report)
        case .runtime where plan.isRestore:
            return RestorePlanner.failure(step.strings.map { String(decoding: $0, as: UTF8.self) })
        case .runtime: return OtherRuntimeFailure.error(report, step)
        case .resourceLimit where step.numbers.count == 3:
            return ResourceLimitName.refusal(step.numbers[0], step.numbers[1], step.numbers[2], cause)
        case .workingDirectory where report.errno == EXDEV:
            return ProcessStartError(
                kind: .other, step: cause.call, message: "current working directory is outside of container mount namespace root")
        case .workingDirectory:
            return ProcessStartError(
                kind: .other, step: cause.call,
                message: "chdir to cwd (\"\(argument(step))\") set in config.json failed: \(cause.reason)")
        case .outOfMemoryScore where report.errno == EACCES || report.errno == EPERM:
            return GantryError(
                .unsupported, "this host cannot lower the OOM score to \(argument(step)): the daemon lacks CAP_SYS_RESOURCE",
                cause: cause, hint: "leave --oom-score-adj out or raise the score")
        default:
            return GantryError(
                .unavailable, "cannot prepare the container (step \(report.step + 1) of \(plan.steps.count))",
                cause: isOfOtherKind(step, report.errno) ? GantryError.invalid(otherKind, cause: cause) : cause)
        }
    }

    /// Docker's words.
    private static let otherKind =
        "Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type"

    /// A directory for a file, or a file for a directory: what the kernel calls an invalid argument may be that, or not.
    private static func isOfOtherKind(_ step: PlanStep, _ errno: Int32) -> Bool {
        switch step.operation {
        case .bind: errno == ENOTDIR || errno == EINVAL && (try? FileStatus(text(step, 0), follow: true).kind) != .directory
        case .bindTree: errno == ENOTDIR
        default: false
        }
    }

    /// Docker's words; see `ProcessStartError`.
    private static func startError(_ step: PlanStep, _ report: StartReport, _ cause: SystemError) -> ProcessStartError {
        let program = argument(step)
        let (kind, message): (ProcessStartError.Kind, String)
        switch report.detail {
        case .notInPath: (kind, message) = (.notFound, "exec: \"\(program)\": executable file not found in $PATH")
        case .missing where report.errno == ENOENT || report.errno == ENOTDIR:
            (kind, message) = (.notFound, "exec: \"\(program)\": stat \(program): \(cause.reason)")
        case .missing: (kind, message) = (.notExecutable, "exec: \"\(program)\": stat \(program): \(cause.reason)")
        case .isDirectory: (kind, message) = (.isDirectory, "exec: \"\(program)\": is a directory")
        case .notExecutable: (kind, message) = (.notExecutable, "exec: \"\(program)\": permission denied")
        case .execute, .none, .hookExit, .hookSignal:
            kind = report.errno == ENOEXEC ? .formatError : report.errno == EACCES ? .notExecutable : .other
            message = "exec \(program): \(cause.reason)"
        }
        return ProcessStartError(kind: kind, step: "\(cause)", message: message)
    }

    private static func hookError(_ step: PlanStep, _ report: StartReport) -> GantryError {
        let path = text(step, 0)
        switch report.detail {
        case .hookExit: return .unavailable("the hook `\(path)` ended with \(report.errno)")
        case .hookSignal: return .unavailable("the hook `\(path)` was ended by signal \(report.errno)")
        default:
            if report.errno == ETIME { return GantryError(.timedOut, "the hook `\(path)` did not end in time") }
            return .unavailable("the hook `\(path)` failed", cause: SystemError("run", path, errno: report.errno))
        }
    }

    private static func call(_ step: PlanStep) -> String {
        switch step.operation {
        case .mountNew, .mountCopy: "mount \(text(step, 0)) on"
        case .bind: "bind `\(text(step, 0))` on"
        case .bindTree: "bind on"
        case .rootTree: "attach the root at"
        case .rootBind: "bind the root"
        case .device: "make the device"
        case .mask: "mask"
        case .readOnly: "make read-only"
        case .sysctl: "set the sysctl"
        case .workingDirectory: "chdir"
        case .execute: "execve"
        case .resourceLimit:
            "set the limit \(ResourceLimitName.word(step.numbers.first ?? 0)) to \(step.numbers.dropFirst().first ?? 0)"
        case .outOfMemoryScore: "set the OOM score to"
        case .enterCgroups: "enter the control group"
        case .fork: "clone"
        case .enterNamespace, .enterProcessNamespace: "setns"
        case .changeMount: "change the mount on"
        case .becomeRoot: "become root of the user namespace"
        case .timeOffsets: "set the clocks of the time namespace"
        case .scheduler: "set `process.scheduler`"
        case .ioPriority: "set `process.ioPriority`"
        case .affinity: "set `process.execCPUAffinity`"
        case .personality: "set `linux.personality`"
        case .memoryPolicy: "set `linux.memoryPolicy`"
        case .label: "set the security label"
        case .keyring: "make the session keyring"
        case .seccomp, .seccompNotify: "set the seccomp filter"
        case .terminal: "open a terminal in the container's /dev/pts"
        case .identity: "become the user"
        case .log: "open the log"
        case .placeTree: "attach at"
        case .placeNamespace: "bind the network namespace on"
        case .ownMounts: "make a mount namespace below"
        default: "\(step.operation)"
        }
    }

    private static func argument(_ step: PlanStep) -> String {
        switch step.operation {
        case .mountNew, .mountCopy, .bind, .symbolicLink, .label: text(step, 1)
        case .affinity, .memoryPolicy, .seccomp, .seccompNotify, .resourceLimit: ""
        case .identity: "\(step.numbers.first ?? 0)"
        default: text(step, 0)
        }
    }

    private static func text(_ step: PlanStep, _ index: Int) -> String {
        index < step.strings.count ? String(decoding: step.strings[index], as: UTF8.self) : ""
    }
}
