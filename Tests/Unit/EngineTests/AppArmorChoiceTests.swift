import Essentials
import LinuxSystem
import Testing

@testable import ContainerRuntime
@testable import Engine

/// What is asked for, beside what a host has.
@Suite struct AppArmorChoiceTests {
    /// Files as a host has them; gone with this.
    private final class Files {
        let folder = "/tmp/gantry-apparmor-\(Identifier.random())"
        let host: AppArmorHost

        /// - Parameter profiles: the kernel's list; nil without securityfs.
        init(enabled: String, profiles: String?, hasParser: Bool = true) throws {
            host = AppArmorHost(
                enabledPath: "\(folder)/enabled", profilesPath: "\(folder)/profiles",
                parserPaths: ["/nowhere", "\(folder)/parser"])
            try FileSystem.makeDirectories(folder)
            try FileSystem.replace("\(folder)/enabled", with: enabled)
            if let profiles { try FileSystem.replace("\(folder)/profiles", with: profiles) }
            if hasParser { try FileSystem.replace("\(folder)/parser", with: "") }
        }

        deinit { try? FileSystem.removeTree(folder) }
    }

    private func profile(_ asked: String?, _ files: Files, privileged: Bool = false) async throws -> String? {
        try await AppArmorChoice.profile(asked: asked, privileged: privileged, files.host)
    }

    private func refusal(_ asked: String, _ files: Files) -> String? {
        do { try AppArmorChoice.check(asked, files.host) } catch { return error.message }
        return nil
    }

    @Test func withoutTheModule() async throws {
        let files = try Files(enabled: "N\n", profiles: nil)
        #expect(refusal("unconfined", files) == nil)
        #expect(refusal("x", files) == "this host has no AppArmor: `apparmor=x` cannot be met")
        #expect(refusal("docker-default", files) == "this host has no AppArmor: `apparmor=docker-default` cannot be met")
        #expect(try await profile(nil, files) == nil)
        #expect(try await profile(nil, files, privileged: true) == nil)
        #expect(AppArmorChoice.warning(files.host) == nil)
    }

    @Test func profilesThatAreLoaded() async throws {
        let files = try Files(
            enabled: "Y\n", profiles: "a b (c) (complain)\ngantry-default (enforce)\n/usr/bin/x//child (enforce)\n")
        for name in ["a b (c)", "/usr/bin/x//child"] {
            #expect(try await profile(name, files) == name)
            #expect(try await profile(name, files, privileged: true) == name)
        }
        for name in ["a b", "a", "", "/usr/bin/x"] {
            #expect(refusal(name, files) == "the AppArmor profile `\(name)` is not loaded")
        }
        for name in [nil, "docker-default", "gantry-default"] { #expect(try await profile(name, files) == "gantry-default") }
        #expect(try await profile(nil, files, privileged: true) == "unconfined")
        #expect(try await profile("docker-default", files, privileged: true) == "gantry-default")
        #expect(try SecurityOptions(["apparmor=a b (c)"], appArmor: files.host).appArmorProfile == "a b (c)")
    }

    @Test func withoutTheParser() async throws {
        let files = try Files(enabled: "Y\n", profiles: "", hasParser: false)
        #expect(try await profile(nil, files) == "unconfined")
        let warning = AppArmorChoice.warning(files.host)
        #expect(warning?.hasSuffix("`apparmor_parser` is missing; install the package `apparmor`") == true)
        #expect(refusal("docker-default", files)?.hasPrefix("the AppArmor profile `gantry-default` cannot be loaded") == true)
        let unmounted = try Files(enabled: "Y\n", profiles: nil)
        #expect(
            AppArmorChoice.warning(unmounted.host)?.hasSuffix("securityfs is not mounted on /sys/kernel/security") == true)
        // What is loaded serves without it.
        let loaded = try Files(enabled: "Y\n", profiles: "gantry-default (enforce)\n", hasParser: false)
        #expect(try await profile(nil, loaded) == "gantry-default")
    }
}
