import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

/// What a user can do about a start that failed, by what failed and how.
enum StartAdvice {
    static func text(for error: any Error, cause: SystemError?) -> String {
        if let start = error as? ProcessStartError { return text(for: start.kind, message: start.message) }
        if let hint = (error as? GantryError)?.hint { return hint }
        guard let cause else { return "" }
        return byErrno(cause)
    }

    private static func text(for kind: ProcessStartError.Kind, message: String) -> String {
        switch kind {
        case .notFound:
            "the program is not in the image or not in its PATH: give its full path, another command, or install it in the image"
        case .notExecutable:
            "the file is there but not executable for this user: set its mode to 755 in the image, or change --user"
        case .isDirectory: "the command names a directory: give the path of a program in it"
        case .formatError:
            "the file is no program for this machine: it was built for another processor, or is a script without a first line `#!`"
        case .other where message.contains("cwd") || message.contains("working directory"):
            "the working directory cannot be entered: check --workdir and the image's WORKDIR, and the user's rights on it"
        case .other: ""
        }
    }

    /// The kernel's error that a kind of failure comes from.
    static func errno(of kind: ProcessStartError.Kind) -> String {
        switch kind {
        case .notFound: "ENOENT"
        case .notExecutable, .isDirectory: "EACCES"
        case .formatError: "ENOEXEC"
        case .other: ""
        }
    }

    private static func byErrno(_ cause: SystemError) -> String {
        let mounts = cause.call.hasPrefix("bind") || cause.call.hasPrefix("mount")
        switch cause.errno {
        case ENOTDIR where mounts, EINVAL where cause.call.hasPrefix("bind"), EISDIR where mounts:
            return "source and target of a mount must both be directories or both be files: check -v and --mount"
        case ENOENT where cause.call.hasPrefix("set the sysctl"): return "the kernel has no such setting: check --sysctl"
        case ENOENT where mounts: return "the source of a mount is gone: make it again, or change -v or --mount"
        case ENOSPC: return "the disk or a kernel table is full: `gantry system df` shows what may go"
        case EMFILE, ENFILE: return "no more files may be opened: raise the daemon's limit (`ulimit -n`)"
        case EAGAIN where cause.call == "clone": return "no more processes may be made: raise --pids-limit or the host's limit"
        case ENOMEM: return "the kernel has no memory left for it"
        case EPERM where cause.call.hasPrefix("set resource limit"):
            return "the host does not allow so high a limit: lower --ulimit, or raise the daemon's own"
        case EADDRINUSE: return "another program has the port: publish another one, or end that program"
        default: return ""
        }
    }
}
