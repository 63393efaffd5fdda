import ArgumentParser
import CLinux
import Essentials
import LinuxSystem

/// Options that may stand before the command, as callers of OCI runtimes put them.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Directory for the containers' state.") var root: String?
    @Option(help: "File to which errors are added.") var log: String?
    @Option(name: .customLong("log-format"), help: "text or json.") var logFormat = "text"
    @Flag(help: "Add to the log which command runs.") var debug = false
    @Flag(name: .customLong("systemd-cgroup"), help: "Ask systemd for the control groups; cgroup paths are slice:prefix:name.")
    var systemdCgroup = false
    @Option(help: "true, false or auto: whether this user may do nothing on the host; found out in any case.") var rootless = "auto"

    private static let withValue: Set<String> = ["--root", "--log", "--log-format", "--rootless"]
    private static let flags: Set<String> = ["--debug", "--systemd-cgroup"]

    func validate() throws {
        guard ["text", "json"].contains(logFormat) else {
            throw ValidationError("--log-format must be text or json, not `\(logFormat)`")
        }
        guard ["true", "false", "auto"].contains(rootless) else {
            throw ValidationError("--rootless must be true, false or auto, not `\(rootless)`")
        }
        if rootless == "false", geteuid() != 0 { throw ValidationError("--rootless=false needs root") }
        if debug { note("running \(CommandLine.arguments.dropFirst().joined(separator: " "))", level: "debug") }
    }

    /// Of an unprivileged user below the directory that is theirs alone.
    var directory: String {
        if let root { return root }
        if geteuid() == 0 { return "/run/gantry-oci" }
        return getenv("XDG_RUNTIME_DIR").map { String(cString: $0) + "/gantry-oci" } ?? "/tmp/gantry-oci-\(geteuid())"
    }

    /// Adds a line to the log, or says it on standard error without one.
    func note(_ message: String, level: String) {
        guard let log else { return Self.say("\(level): \(message)\n") }
        Self.write(Self.line(message, level: level, isJSON: logFormat == "json"), to: log)
    }

    /// `--root x create …` → `create --root x …`: the parser wants a command's options behind its name.
    static func movedBehindCommand(_ arguments: [String]) -> [String] {
        var globals: [String] = []
        var rest = arguments[...]
        while let first = rest.first {
            if withValue.contains(first), rest.count > 1 {
                globals += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else if let (name, isOn) = booleanFlag(first) {
                if isOn { globals.append(name) }
                rest = rest.dropFirst()
            } else if withValue.contains(where: { first.hasPrefix("\($0)=") }) {
                globals.append(first)
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard let command = rest.first else { return arguments }
        return [command] + globals + rest.dropFirst()
    }

    /// `--debug`, and as Go's programs take them also `--debug=true` and `--debug=false`.
    private static func booleanFlag(_ argument: String) -> (name: String, isOn: Bool)? {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard flags.contains(parts[0]), parts.count == 1 || ["true", "false"].contains(parts[1]) else { return nil }
        return (parts[0], parts.count == 1 || parts[1] == "true")
    }

    /// Says what went wrong on standard error, and in the file that `--log` names, in the form that `--log-format` asks for.
    static func report(_ message: String, hint: String?, arguments: [String]) {
        func value(_ name: String) -> String? {
            if let at = arguments.firstIndex(of: name), at + 1 < arguments.count { return arguments[at + 1] }
            return arguments.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        say("error: \(message)\n" + (hint.map { "\nhint: \($0)\n" } ?? ""))
        if let path = value("--log") { write(line(message, level: "error", isJSON: value("--log-format") == "json"), to: path) }
    }

    /// Nobody is left to hear of a closed standard error.
    private static func say(_ text: String) { try? OwnedDescriptor.duplicate(2).writeAll(Array(text.utf8)) }

    /// Nobody is left to hear of a log that cannot be written.
    private static func write(_ text: String, to path: String) {
        try? OwnedDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644).writeAll(Array(text.utf8))
    }

    private static func line(_ message: String, level: String, isJSON: Bool) -> String {
        let time = Timestamp.now().rfc3339
        var quoted = "\""
        for character in message.unicodeScalars {
            switch character {
            case "\"", "\\": quoted += "\\\(character)"
            case _ where character.value < 32: quoted += " "
            default: quoted.unicodeScalars.append(character)
            }
        }
        quoted += "\""
        return isJSON
            ? "{\"level\":\"\(level)\",\"msg\":\(quoted),\"time\":\"\(time)\"}\n"
            : "time=\"\(time)\" level=\(level) msg=\(quoted)\n"
    }
}
