import ContainerRuntime
import Essentials
import LinuxSystem

/// What the words of `--security-opt` come to. Source: `cli.md` §2; Docker takes `=` and, of old, `:` between name and value.
struct SecurityOptions {
    var noNewPrivileges = false
    var seccomp = SandboxOptions.Seccomp.standard
    var opensSystemPaths = false
    var writableCgroups = false
    /// nil: none is asked for. `unconfined` for none at all.
    var appArmorProfile: String?

    /// - Throws: `invalid` with Docker's words for what is no option, `unsupported` for what this host cannot do.
    init(_ texts: [String], appArmor: AppArmorHost = AppArmorHost()) throws(GantryError) {
        for text in texts { try add(text, appArmor) }
    }

    private mutating func add(_ text: String, _ appArmor: AppArmorHost) throws(GantryError) {
        if text == "no-new-privileges" {
            noNewPrivileges = true
            return
        }
        guard let at = text.firstIndex(of: "=") ?? text.firstIndex(of: ":") else {
            throw .invalid("invalid --security-opt 1: \"\(text)\"")
        }
        let value = String(text[text.index(after: at)...])
        switch (String(text[..<at]), value) {
        case ("no-new-privileges", _): noNewPrivileges = try Self.boolean(value, in: text)
        case ("writable-cgroups", _): writableCgroups = try Self.boolean(value, in: text)
        case ("seccomp", "unconfined"): seccomp = .unconfined
        case ("seccomp", "builtin"): seccomp = .standard
        case ("seccomp", _): seccomp = .profile(Array(value.utf8))
        case ("systempaths", "unconfined"): opensSystemPaths = true
        case ("label", "disable"): break
        case ("apparmor", _):
            try AppArmorChoice.check(value, appArmor)
            appArmorProfile = value
        case ("label", _):
            throw .unsupported(
                FileSystem.exists("/sys/fs/selinux/enforce")
                    ? "SELinux labels are not supported: `\(text)` cannot be met"
                    : "this host has no SELinux: `\(text)` cannot be met")
        default: throw .invalid("invalid --security-opt 2: \"\(text)\"")
        }
    }

    /// As Go's ParseBool.
    private static func boolean(_ value: String, in text: String) throws(GantryError) -> Bool {
        guard let flag = Bool(goText: value) else { throw .invalid("invalid --security-opt 2: \"\(text)\"") }
        return flag
    }
}
