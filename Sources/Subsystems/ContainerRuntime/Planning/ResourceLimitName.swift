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
    static func name(of number: UInt64) -> String { numbers.first { $0.value == number }?.key ?? "RLIMIT \(number)" }

    /// Only who has CAP_SYS_RESOURCE may raise a hard limit.
    static func failure(_ name: String, _ soft: UInt64, _ hard: UInt64, _ cause: SystemError) -> GantryError {
        func text(_ value: UInt64) -> String { value == .max ? "unlimited" : "\(value)" }
        let hint =
            cause.errno == EPERM
            ? "the runtime may not raise its own hard limit; ask for less, or run it with CAP_SYS_RESOURCE" : nil
        return .unavailable("cannot set \(name) to \(text(soft)):\(text(hard))", cause: cause, hint: hint)
    }
}
