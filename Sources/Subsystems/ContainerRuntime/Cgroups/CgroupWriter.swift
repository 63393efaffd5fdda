internal import Essentials
internal import LinuxSystem

/// Writes settings to a container's control files.
struct CgroupWriter {
    let host: CgroupHost
    let id: String

    /// A setting with the file that it goes to on this host.
    private struct Target {
        var setting: CgroupSetting
        var path: String
        var value: String
    }

    /// For new groups: what is written before a value that cannot be set goes with the group.
    func write(_ settings: [CgroupSetting]) throws {
        if let (target, error) = try firstRefused(try targets(settings), before: { _ in }) { throw Self.refusal(target, error) }
    }

    /// For groups in use: when a value cannot be set, the others are set back.
    func replace(_ settings: [CgroupSetting]) throws {
        var earlier: [(path: String, text: String)] = []
        let refused = try firstRefused(try targets(settings)) { path throws(SystemError) in
            let lines = try FileSystem.readText(path).split(separator: "\n")
            // A file with a line for each device is left as it is: an absent line cannot be written back.
            if lines.count == 1 { earlier.append((path, String(lines[0]))) }
        }
        guard let (target, error) = refused else { return }
        var failures: [String] = []
        for (path, text) in earlier.reversed() {
            do throws(SystemError) { try FileSystem.writeControl(path, text) } catch { failures.append(error.description) }
        }
        guard failures.isEmpty else {
            throw GantryError(
                .invalid,
                "\(target.setting.purpose) cannot be set to `\(target.value)`, and not all earlier values could be restored: "
                    + failures.joined(separator: "; "), cause: error)
        }
        throw Self.refusal(target, error)
    }

    /// Some values depend on one another, in an order that depends on what is set now: memory must not exceed memory and swap
    /// together, nor a burst the quota. What the kernel refuses is tried again as long as others are accepted.
    private func firstRefused(
        _ targets: [Target], before: (String) throws(SystemError) -> Void
    ) throws -> (Target, SystemError)? {
        var waiting = targets
        while !waiting.isEmpty {
            var refused: [(Target, SystemError)] = []
            for target in waiting {
                do throws(SystemError) {
                    try before(target.path)
                    try FileSystem.writeControl(target.path, target.value)
                } catch { refused.append((target, error)) }
            }
            if refused.count == waiting.count { return refused.first }
            waiting = refused.map(\.0)
        }
        return nil
    }

    /// Finds every file before anything is written.
    private func targets(_ settings: [CgroupSetting]) throws(GantryError) -> [Target] {
        var result: [Target] = []
        for setting in settings {
            let directory = host.directory(id, controller: setting.controller)
            if let directory, FileSystem.exists("\(directory)/\(setting.file)") {
                result.append(Target(setting: setting, path: "\(directory)/\(setting.file)", value: setting.value))
            } else if let directory, let file = setting.otherFile, FileSystem.exists("\(directory)/\(file)") {
                result.append(Target(setting: setting, path: "\(directory)/\(file)", value: setting.otherValue ?? setting.value))
            } else if !setting.isOptional {
                throw missing(setting, hasController: directory != nil)
            }
        }
        return result
    }

    private func missing(_ setting: CgroupSetting, hasController: Bool) -> GantryError {
        let version = host.layout.isUnified ? "v2" : "v1"
        let isOffered = hasController && (!host.layout.isUnified || host.layout.isAvailable(setting.controller))
        return .unsupported(
            isOffered
                ? "\(setting.purpose) cannot be set: the host's cgroup \(version) controller `\(setting.controller)` has no `\(setting.file)`"
                : "\(setting.purpose) cannot be set: the host has no cgroup \(version) controller `\(setting.controller)`",
            hint: "enable it in the host's kernel, or leave the limit out")
    }

    private static func refusal(_ target: Target, _ error: SystemError) -> GantryError {
        .invalid("\(target.setting.purpose) cannot be set to `\(target.value)`", cause: error)
    }
}
