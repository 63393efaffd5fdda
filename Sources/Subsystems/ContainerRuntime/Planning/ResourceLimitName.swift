internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Numbers of `RLIMIT_…`. Source: getrlimit(2), asm-generic/resource.h.
package enum ResourceLimitName {
    package static let numbers: [String: UInt64] = [
        "RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3, "RLIMIT_CORE": 4, "RLIMIT_RSS": 5,
        "RLIMIT_NPROC": 6,
        "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10, "RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12,
        "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15,
    ]
}

extension ResourceLimitName {
    /// `nofile` and so on, as users write it.
    static func word(_ number: UInt64) -> String {
        numbers.first { $0.value == number }.map { String($0.key.dropFirst("RLIMIT_".count)).lowercased() } ?? "\(number)"
    }

    /// Why a limit could not be set. Only CAP_SYS_RESOURCE raises a hard limit.
    static func refusal(_ number: UInt64, _ soft: UInt64, _ hard: UInt64, _ cause: SystemError) -> GantryError {
        func text(_ value: UInt64) -> String { value == .max ? "unlimited" : "\(value)" }
        let name = word(number)
        guard cause.errno == EPERM else {
            return .unavailable("cannot set the limit \(name) to \(text(soft)):\(text(hard))", cause: cause)
        }
        var (ownSoft, ownHard): (UInt64, UInt64) = (0, 0)
        let known = gantry_get_limit(CInt(truncatingIfNeeded: number), &ownSoft, &ownHard) == 0
        return GantryError(
            .unsupported,
            "this host cannot raise the limit \(name) to \(text(hard)): the daemon's own is \(known ? text(ownHard) : "lower") and it lacks CAP_SYS_RESOURCE",
            cause: cause, hint: "ask for less with --ulimit \(name)=…, or start the daemon with a higher limit")
    }
}
