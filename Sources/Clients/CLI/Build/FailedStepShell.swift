import DockerAPI
import EngineClient
import Essentials

/// `--on-failure=shell`: a shell in the state before the RUN that failed.
struct FailedStepShell {
    let image: String
    /// As `--mount` takes them.
    let mounts: [String]
    /// By which the daemon keeps secrets and agents among the mounts for us; nil when there are none.
    let holder: String?
    let session: Session

    /// Runs until the user leaves the shell; the image and the container are removed then.
    func enter() async throws {
        session.console.printError(
            "\nentering the state before the failed step, with its mounts, variables, user and directory; secrets that were variables are files in /run/secrets; leave with `exit`"
        )
        var held: ResponseBody?
        if let holder { held = try await session.client.holdMounts(holder) }
        // A byte says that the daemon has them; the connection stays open until the end.
        if let held { for try await _ in held { break } }
        defer { withExtendedLifetime(held) {} }
        let terminal = session.console.errorIsTerminal && session.console.outputIsTerminal
        var command = RunCommand()
        command.flags.rm = true
        command.flags.interactive = true
        command.flags.tty = terminal
        command.flags.host.mount = mounts
        command.operands = [image]
        do { try await command.run(in: session) } catch is ExitStatus {
            // How the shell ended says nothing about the build, which has failed anyway.
        }
        let made = try mounts.map(MountFlag.parse).filter { $0.type == "image" }.map(\.source)
        for image in [image] + made { _ = try await session.client.removeImage(image, force: true, noPrune: false) }
    }
}
