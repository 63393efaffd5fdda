import CLinux
import Essentials
import LinuxSystem

/// Sets modification times that are later than a limit to it, so that a step that is done again gives the same layer.
/// Source: reproducible-builds.org, SOURCE_DATE_EPOCH. Blocks.
struct TimeClamp {
    /// Nanoseconds since 1970.
    let limit: Int64

    func apply(below path: String) throws {
        try apply(try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    }

    private func apply(_ directory: OwnedDescriptor) throws {
        for name in try DirectoryReader(descriptor: directory).names() {
            let status = try FileStatus(name, in: directory)
            if status.kind == .directory { try apply(try directory.openEntry(name, O_RDONLY | O_DIRECTORY)) }
            guard status.modifiedAt > limit else { continue }
            let text = name.map { CChar(bitPattern: $0) } + [0]
            try LinuxSystem.check("utimensat") { utimensat(directory.raw, text, times, AT_SYMLINK_NOFOLLOW) }
        }
        if try directory.status().modifiedAt > limit { try LinuxSystem.check("futimens") { futimens(directory.raw, times) } }
    }

    /// UTIME_OMIT: that time stays. Source: utimensat(2).
    private static let omitted = (1 << 30) - 2

    /// The time of the last access stays: nothing of a layer holds it.
    private var times: [timespec] {
        [
            timespec(tv_sec: 0, tv_nsec: Self.omitted),
            timespec(tv_sec: Int(limit / 1_000_000_000), tv_nsec: Int(limit % 1_000_000_000)),
        ]
    }
}
