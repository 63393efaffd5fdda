import ContainerRuntime
import Essentials

/// Which AppArmor profile a container, an exec or a build step runs under.
enum AppArmorChoice {
    static let unconfined = "unconfined"
    /// The default under our name, and under the one by which programs ask for Docker's.
    private static let defaultNames: Set<String> = [DefaultAppArmorProfile.name, "docker-default"]

    /// Refuses a profile that `--security-opt apparmor=` asks for and that cannot be applied here.
    /// - Throws: `unsupported` without AppArmor, `invalid` for a profile that is not loaded.
    static func check(_ asked: String, _ host: AppArmorHost = AppArmorHost()) throws(GantryError) {
        guard asked != unconfined else { return }
        guard host.isEnabled else { throw .unsupported("this host has no AppArmor: `apparmor=\(asked)` cannot be met") }
        if defaultNames.contains(asked) {
            guard !host.isLoaded(DefaultAppArmorProfile.name), let obstacle = host.obstacle else { return }
            throw .unsupported("the AppArmor profile `\(DefaultAppArmorProfile.name)` cannot be loaded: \(obstacle)")
        }
        guard host.isLoaded(asked) else {
            throw .invalid(
                "the AppArmor profile `\(asked)` is not loaded", hint: "load it with `apparmor_parser --replace FILE`")
        }
    }

    /// - Parameter asked: nil without an option.
    /// - Returns: nil where there is no AppArmor. Without an option and without a way to load our profile it is `unconfined`, which
    ///   ``warning(_:)`` tells.
    /// - Throws: as ``check(_:_:)``; `unavailable` when the parser refuses our profile.
    static func profile(
        asked: String?, privileged: Bool, _ host: AppArmorHost = AppArmorHost()
    ) async throws -> String? {
        guard host.isEnabled else { return nil }
        if let asked {
            try check(asked, host)
            guard defaultNames.contains(asked) else { return asked }
        } else if privileged || warning(host) != nil {
            return unconfined
        }
        if !host.isLoaded(DefaultAppArmorProfile.name) { try await host.loadDefault() }
        return DefaultAppArmorProfile.name
    }

    /// What the host's administrator should know: containers without an option are not confined, though the kernel could do it.
    static func warning(_ host: AppArmorHost = AppArmorHost()) -> String? {
        guard host.isEnabled, !host.isLoaded(DefaultAppArmorProfile.name), let obstacle = host.obstacle else { return nil }
        return "AppArmor is enabled, but containers run without a profile: \(obstacle)"
    }

    /// Replaces what an earlier version of the daemon may have loaded.
    static func loadAtStart(_ host: AppArmorHost = AppArmorHost()) async throws {
        guard host.isEnabled, host.obstacle == nil else { return }
        try await host.loadDefault()
    }
}
