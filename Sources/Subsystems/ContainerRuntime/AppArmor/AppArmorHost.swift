internal import Essentials
internal import LinuxSystem

/// AppArmor as this host has it: whether the kernel enforces profiles, which are loaded, and the loading of our own.
package struct AppArmorHost: Sendable {
    /// Of the kernel: `Y` when the module decides.
    private let enabledPath: String
    /// Of the kernel: a line `name (mode)` for each profile.
    private let profilesPath: String
    private let parserPaths: [String]

    package init() {
        self.init(
            enabledPath: "/sys/module/apparmor/parameters/enabled", profilesPath: "/sys/kernel/security/apparmor/profiles",
            parserPaths: ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"])
    }

    init(enabledPath: String, profilesPath: String, parserPaths: [String]) {
        self.enabledPath = enabledPath
        self.profilesPath = profilesPath
        self.parserPaths = parserPaths
    }

    package var isEnabled: Bool {
        guard FileSystem.exists(enabledPath) else { return false }
        return (try? FileSystem.readText(enabledPath, limit: 16))?.hasPrefix("Y") == true
    }

    /// Whether the kernel has the profile; false where securityfs is not mounted or may not be read, for nobody knows then.
    package func isLoaded(_ profile: String) -> Bool {
        guard let text = try? FileSystem.readText(profilesPath) else { return false }
        return text.split(separator: "\n").contains { line in
            line.lastIndex(of: "(").map { line[..<$0].dropLast() == profile[...] } ?? false
        }
    }

    /// Why no profile can be loaded here, as the end of a sentence; nil: nothing speaks against it.
    package var obstacle: String? {
        if !FileSystem.exists(profilesPath) { return "securityfs is not mounted on /sys/kernel/security" }
        if parser == nil { return "`apparmor_parser` is missing; install the package `apparmor`" }
        return nil
    }

    private var parser: String? { parserPaths.first(where: FileSystem.exists) }

    /// Gives the kernel ``DefaultAppArmorProfile``, in the place of one that it has already.
    /// - Throws: `unavailable` with what the parser said.
    package func loadDefault() async throws {
        guard obstacle == nil, let parser else { throw failure(GantryError.unavailable(obstacle ?? "")) }
        let abi = "abi/3.0"
        let text = DefaultAppArmorProfile.text(abi: FileSystem.exists("/etc/apparmor.d/\(abi)") ? abi : nil)
        let outcome: ProgramRun.Outcome
        do {
            outcome = try await ProgramRun.run(
                [parser, "--skip-cache", "--replace"], input: Array(text.utf8), timeout: .seconds(60))
        } catch { throw failure(error) }
        guard outcome.code == 0 else {
            throw failure(GantryError.unavailable("`\(parser)` ended with \(outcome.code): \(outcome.output)"))
        }
    }

    private func failure(_ cause: any Error) -> GantryError {
        .unavailable("the AppArmor profile `\(DefaultAppArmorProfile.name)` could not be loaded", cause: cause)
    }
}
