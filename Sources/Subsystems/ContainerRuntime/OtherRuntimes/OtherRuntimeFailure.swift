internal import CLinux
internal import FoundationEssentials
internal import LinuxSystem
internal import ShimProtocol

/// What another runtime said of a command that failed.
enum OtherRuntimeFailure {
    /// The start of a container or an exec.
    static func error(_ report: StartReport, _ step: PlanStep) -> ProcessStartError {
        let words = step.strings.map { String(decoding: $0, as: UTF8.self) }
        let program = words.first ?? ""
        let said = words.firstIndex(of: "--log").flatMap { $0 + 1 < words.count ? lastError(inLog: words[$0 + 1]) : nil }
        let message = said ?? "`\(program)` \(outcome(report))"
        return ProcessStartError(kind: kind(message), step: "run `\(program)`: \(outcome(report))", message: message, isWhole: true)
    }

    private static func outcome(_ report: StartReport) -> String {
        switch report.detail {
        case .hookExit where report.errno == 126 || report.errno == 127: "could not be run"
        case .hookExit: "ended with \(report.errno)"
        case .hookSignal: "was ended by signal \(report.errno)"
        default: SystemError("run", errno: report.errno).reason
        }
    }

    /// What Docker's exit codes are made from. Source: moby, daemon/errors.go, translateContainerdStartErr.
    static func kind(_ message: String) -> ProcessStartError.Kind {
        let text = message.lowercased()
        if text.contains("executable file") && text.contains("not found") || text.contains("no such file or directory") {
            return .notFound
        }
        if text.contains("permission denied") { return .notExecutable }
        return text.contains("not a directory") ? .notFound : .other
    }

    private struct Line: Decodable {
        var level: String?
        var msg: String?
    }

    /// The last line that tells of an error.
    static func lastError(inLog path: String) -> String? {
        guard let text = try? FileSystem.readText(path, limit: 1 << 20) else { return nil }
        for line in text.split(separator: "\n").reversed() {
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)), let message = line.msg else { continue }
            if ["error", "fatal", nil].contains(line.level) { return message }
        }
        return nil
    }
}
