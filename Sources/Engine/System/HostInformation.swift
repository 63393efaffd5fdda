import CLinux
import Essentials
import LinuxSystem

/// Facts about the host, read where the kernel tells them.
enum HostInformation {
    static func hostname() -> String {
        (try? FileSystem.readText("/proc/sys/kernel/hostname"))?.trimmed ?? "localhost"
    }

    static func kernelVersion() -> String { (try? FileSystem.readText("/proc/sys/kernel/osrelease"))?.trimmed ?? "" }

    /// Bytes.
    static func memory() -> Int64 { Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE))) }
    static func processors() -> Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    static var architecture: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    /// `PRETTY_NAME` and `VERSION_ID` of os-release.
    static func operatingSystem() -> (name: String, version: String) {
        let text = (try? FileSystem.readText("/etc/os-release")) ?? (try? FileSystem.readText("/usr/lib/os-release")) ?? ""
        func value(_ key: String) -> String {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + "=") }
            return line.map { $0.dropFirst(key.count + 1).filter { $0 != "\"" } } ?? ""
        }
        return (value("PRETTY_NAME"), value("VERSION_ID"))
    }

    /// Total processor time of the host in nanoseconds, as clients divide by it: the first line of /proc/stat from user to softirq,
    /// in ticks of 10 ms. Source: `engine-api.md` §6; proc(5).
    static func processorTime() -> UInt64 {
        guard let line = (try? FileSystem.readText("/proc/stat"))?.split(separator: "\n").first else { return 0 }
        return line.split(separator: " ").dropFirst().prefix(7).compactMap { UInt64($0) }.reduce(0, +) * 10_000_000
    }

    /// Of this start of the kernel; another one after a restart of the host. nil where /proc does not tell.
    static func bootID() -> String? { (try? FileSystem.readText("/proc/sys/kernel/random/boot_id"))?.trimmed }

    static func openDescriptors() -> Int { (try? FileSystem.list("/proc/self/fd").count) ?? 0 }
    static func forwardsIPv4() -> Bool { (try? FileSystem.readText("/proc/sys/net/ipv4/ip_forward"))?.trimmed == "1" }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.prefix(upTo: (start.lastIndex { !$0.isWhitespace }).map { start.index(after: $0) } ?? start.startIndex))
    }
}
