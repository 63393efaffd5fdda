internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import ShimProtocol

/// Words for resource limits that the host does not give.
enum ProcessLimits {
    /// `nofile` and so on, as users write it.
    static func name(_ step: PlanStep) -> String {
        let number = step.numbers.first ?? 0
        let name = ResourceLimitName.numbers.first { $0.value == number }?.key ?? "RLIMIT_\(number)"
        return String(name.dropFirst("RLIMIT_".count)).lowercased()
    }

    /// Only CAP_SYS_RESOURCE raises a hard limit.
    static func refusal(_ step: PlanStep, _ cause: SystemError) -> GantryError {
        let name = name(step)
        var (soft, hard): (UInt64, UInt64) = (0, 0)
        let known = gantry_get_limit(CInt(truncatingIfNeeded: step.numbers.first ?? 0), &soft, &hard) == 0
        return GantryError(
            .unsupported,
            "this host cannot raise the limit \(name) to \(text(step.numbers.last ?? 0)): the daemon's own is \(known ? text(hard) : "lower") and it lacks CAP_SYS_RESOURCE",
            cause: cause, hint: "ask for less with --ulimit \(name)=…, or start the daemon with a higher limit")
    }

    private static func text(_ value: UInt64) -> String { value == UInt64.max ? "unlimited" : "\(value)" }
}
