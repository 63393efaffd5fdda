import ContainerRuntime
import Essentials
import LinuxSystem

/// The program that is the first process of containers with `--init`: the shim once more, under the name that Docker's has.
enum InitProgram {
    static let destination = "/sbin/docker-init"

    /// A container in another's pid namespace is nobody's first process. Source: Docker, `--init`.
    static func isUsed(by record: ContainerRecord, _ configuration: EngineConfiguration) -> Bool {
        let host = record.settings.host
        return host.pidMode.isEmpty && (host.usesInit ?? configuration.usesInit)
    }

    static func arguments(_ program: [String]) -> [String] { [destination, "--"] + program }

    static func path(_ configuration: EngineConfiguration) -> String { "\(configuration.execRoot)/docker-init" }

    static func bind(_ configuration: EngineConfiguration) -> SandboxOptions.Bind {
        SandboxOptions.Bind(source: path(configuration), destination: destination, readOnly: true, recursive: false)
    }

    /// Puts the copy in its place that containers see, before each start. A container can write to it only if it may change mounts
    /// of its own; even then no other gets what it wrote, because a copy that is not as it should be is replaced.
    static func prepare(_ configuration: EngineConfiguration, runtime: ShimRuntime) throws {
        let path = path(configuration)
        let wanted = try runtime.shimProgram()
        if let present = try? FileSystem.read(path), present == wanted { return }
        try FileSystem.replace(path, with: wanted, mode: 0o755)
    }
}
