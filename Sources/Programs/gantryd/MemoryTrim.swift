import CLinux
import Glibc
import LinuxSystem
import ServiceLifecycle

/// Gives memory back when the daemon has come to rest: free heap to the kernel, and the pages of the program itself that only past
/// work needed, which the kernel maps again from its cache when they are used.
struct MemoryTrim: Service {
    /// How often it looks; work of less than a hundredth of that time is rest.
    private static let period = Duration.seconds(5)

    func run() async throws {
        var trimmedAt = Duration.zero
        var before = Self.processorTime()
        while !Task.isShuttingDownGracefully,
            (try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.period) }) != nil
        {
            let now = Self.processorTime()
            // Since the last time there was something to do, and now there is not.
            if now - before < Self.period / 100, now - trimmedAt > Self.period / 250 {
                Self.trim()
                trimmedAt = Self.processorTime()
            }
            before = now
        }
    }

    static func trim() {
        malloc_trim(0)
        guard let maps = try? FileSystem.readText("/proc/self/smaps", limit: 16 << 20) else { return }
        for range in unchangedFileMappings(maps) {
            guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            // Nothing is lost by failing: the pages stay.
            madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
        }
    }

    /// Address ranges whose every page is as it is in its file. A mapping that the linker wrote to before it was made read-only has
    /// anonymous pages and is not among them. Source: proc_pid_smaps(5).
    static func unchangedFileMappings(_ maps: String) -> [Range<UInt>] {
        var result: [Range<UInt>] = []
        var current: Range<UInt>?
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            if fields.count >= 5, fields[1].count == 4, fields[0].contains("-") {
                let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
                let isFile =
                    fields.count == 6 && fields[5].drop { $0 == " " }.hasPrefix("/") && fields[1].hasPrefix("r")
                    && !fields[1].contains("w")
                current = isFile && bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : nil
            } else if fields.first == "Anonymous:", let range = current {
                if fields.count > 1, fields[1] == "0" { result.append(range) }
                current = nil
            }
        }
        return result
    }

    /// User and system time of all threads.
    private static func processorTime() -> Duration {
        var usage = rusage()
        getrusage(RUSAGE_SELF, &usage)
        func time(_ value: timeval) -> Duration { .seconds(value.tv_sec) + .microseconds(value.tv_usec) }
        return time(usage.ru_utime) + time(usage.ru_stime)
    }
}
