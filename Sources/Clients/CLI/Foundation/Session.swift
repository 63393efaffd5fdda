import EngineClient
import Essentials

/// What holds for the whole run of a command: settings resolved once, where to print, and the daemon.
struct Session: Sendable {
    let settings: ClientSettings
    let console: Console
    /// The environment of the process.
    let environment: [String: String]
    /// Connects when the first request is made.
    let client: EngineClient
    /// The command as the user typed it, `gantry container ls`.
    let commandName: String

    init(settings: ClientSettings, console: Console, environment: [String: String], client: EngineClient, commandName: String) {
        self.settings = settings
        self.console = console
        self.environment = environment
        self.client = client
        self.commandName = commandName
    }

    /// The user's configuration file.
    func config() throws -> ConfigFile { try ConfigFile.load(directory: settings.configDirectory) }

    /// Tries `body` for each operand, prints every failure, and ends with status 1 when there was one.
    func forEach(_ operands: [String], _ body: (String) async throws -> Void) async throws {
        var failed = false
        for operand in operands {
            do { try await body(operand) } catch let error as GantryError {
                failed = true
                console.printError(error.description)
            }
        }
        if failed { throw ExitStatus(1) }
    }
}

extension Session {
    /// Resolves the settings and prepares a client; nothing is connected yet.
    static func start(
        _ options: GlobalOptions, console: Console, environment: [String: String], commandName: String
    ) throws -> Session {
        let settings = try ClientSettings(options, environment: environment)
        let address: EngineAddress
        do { address = try EngineAddress(settings.host) } catch let error as GantryError where error.kind == .invalid {
            throw GantryError.invalid("Failed to initialize: unable to resolve docker endpoint: \(error.message)")
        }
        var starter: (@Sendable () async throws -> Bool)?
        if settings.autostart, case .unix(let path) = address {
            starter = { try await DaemonStarter(socket: path).start() }
        }
        let client = try EngineClient(
            address: address, version: settings.apiVersion, tls: settings.tls, headers: settings.headers, whenRefused: starter)
        return Session(
            settings: settings, console: console, environment: environment, client: client, commandName: commandName)
    }
}
