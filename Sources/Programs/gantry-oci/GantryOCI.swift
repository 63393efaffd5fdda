import ArgumentParser
import ContainerRuntime
import Essentials
import LinuxSystem

@main
struct GantryOCI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gantry-oci", abstract: "An OCI runtime.", version: "gantry-oci 0.1.0\nspec: 1.2.0",
        subcommands: [
            Create.self, Start.self, State.self, Kill.self, Delete.self, Run.self, List.self, Exec.self, Processes.self, Pause.self,
            Resume.self, Update.self, Events.self, Spec.self, Features.self, Checkpoint.self, Restore.self,
        ])

    static func main() async {
        let arguments = GlobalOptions.movedBehindCommand(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand { try await asynchronous.run() } else { try command.run() }
        } catch let code as ExitCode {
            exit(withError: code)
        } catch let error as GantryError {
            GlobalOptions.report("\(error)", hint: error.hint, arguments: arguments)
            exit(withError: ExitCode(1))
        } catch let error as ProcessStartError {
            GlobalOptions.report(error.message, hint: nil, arguments: arguments)
            exit(withError: ExitCode(error.kind == .notFound ? 127 : 126))
        } catch let error as SystemError {
            GlobalOptions.report("\(error)", hint: nil, arguments: arguments)
            exit(withError: ExitCode(1))
        } catch {
            exit(withError: error)
        }
    }
}
