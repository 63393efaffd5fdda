import ArgumentParser
import CLinux
import Essentials
import LinuxSystem

/// Options that may stand before the command, as callers of OCI runtimes put them.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Directory for the containers' state.") var root = "/run/gantry-oci"
    @Option(help: "File to which errors are added.") var log: String?
    @Option(name: .customLong("log-format"), help: "text or json.") var logFormat = "text"
    @Flag(help: "Accepted for callers that pass it.") var debug = false
    @Flag(name: .customLong("systemd-cgroup"), help: "Ask systemd for the control groups; cgroup paths are slice:prefix:name.")
    var systemdCgroup = false

    private static let withValue: Set<String> = ["--root", "--log", "--log-format"]
    private static let flags: Set<String> = ["--debug", "--systemd-cgroup"]

    /// `--root x create …` → `create --root x …`: the parser wants a command's options behind its name.
    static func movedBehindCommand(_ arguments: [String]) -> [String] {
        var globals: [String] = []
        var rest = arguments[...]
        while let first = rest.first {
            if withValue.contains(first), rest.count > 1 {
                globals += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else if flags.contains(first) || withValue.contains(where: { first.hasPrefix("\($0)=") }) {
                globals.append(first)
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        guard let command = rest.first else { return arguments }
        return [command] + globals + rest.dropFirst()
    }

    /// Says what went wrong on standard error, and in the file that `--log` names, in the form that `--log-format` asks for.
    static func report(_ message: String, hint: String?, arguments: [String]) {
        func value(_ name: String) -> String? {
            if let at = arguments.firstIndex(of: name), at + 1 < arguments.count { return arguments[at + 1] }
            return arguments.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        let text = "error: \(message)\n" + (hint.map { "\nhint: \($0)\n" } ?? "")
        try? OwnedDescriptor.open("/proc/self/fd/2", O_WRONLY | O_APPEND).writeAll(Array(text.utf8))
        guard let path = value("--log") else { return }
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
        let line =
            value("--log-format") == "json"
            ? "{\"level\":\"error\",\"msg\":\(quoted),\"time\":\"\(time)\"}\n" : "time=\"\(time)\" level=error msg=\(quoted)\n"
        try? OwnedDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o644).writeAll(Array(line.utf8))
    }
}
