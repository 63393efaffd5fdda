import EngineClient
import Essentials

/// `--on-failure=shell`: a shell in the state before the RUN that failed.
struct FailedStepShell {
    let image: String
    let session: Session

    /// Runs until the user leaves the shell; the image and the container are removed then.
    func enter() async throws {
        session.console.printError(
            "\nentering the state before the failed step, with its variables, user and directory but without its mounts; leave with `exit`"
        )
        let terminal = session.console.errorIsTerminal && session.console.outputIsTerminal
        var command = RunCommand()
        command.flags.rm = true
        command.flags.interactive = true
        command.flags.tty = terminal
        command.operands = [image]
        do { try await command.run(in: session) } catch is ExitStatus {
            // How the shell ended says nothing about the build, which has failed anyway.
        }
        _ = try await session.client.removeImage(image, force: true, noPrune: false)
    }
}
