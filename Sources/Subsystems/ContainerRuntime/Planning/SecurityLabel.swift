internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// AppArmor profiles and SELinux labels: set where the host has the module, refused where it would be a promise only.
enum SecurityLabel {
    /// The security modules in force; empty where securityfs is not mounted.
    static func modules() -> Set<String> {
        let text = (try? FileSystem.readText("/sys/kernel/security/lsm", limit: 4096)) ?? ""
        var result = Set(text.split { $0 == "," || $0 == "\n" }.map(String.init))
        if AppArmorHost().isEnabled { result.insert("apparmor") }
        if FileSystem.exists("/sys/fs/selinux/enforce") { result.insert("selinux") }
        return result
    }

    static func add(
        _ process: RuntimeSpecification.Process, modules: @autoclosure () -> Set<String>, to plan: inout Plan
    ) throws(GantryError) {
        let profile = process.apparmorProfile ?? ""
        let label = process.selinuxLabel ?? ""
        guard !profile.isEmpty || !label.isEmpty else { return }
        let modules = modules()
        if !profile.isEmpty {
            if modules.contains("apparmor") {
                plan.add(.label, [], ["apparmor/exec", "exec \(profile)"])
            } else if profile != "unconfined" {
                throw .unsupported(
                    "the AppArmor profile `\(profile)` cannot be applied: this host has no AppArmor",
                    hint: "leave `apparmor=\(profile)` out")
            }
        }
        if !label.isEmpty {
            guard modules.contains("selinux") else {
                throw .unsupported("the SELinux label `\(label)` cannot be applied: this host has no SELinux")
            }
            plan.add(.label, [], ["exec", label])
        }
    }
}
