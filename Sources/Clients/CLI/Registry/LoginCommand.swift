import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// `gantry login`
struct LoginCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "login", abstract: "Authenticate to a registry")
    static let usageLine = "[OPTIONS] [SERVER]"
    static let operandCount = OperandCount.atMost(1)

    @Option(name: .shortAndLong, help: "Username") var username: String?
    @Option(name: .shortAndLong, help: "Password or Personal Access Token (PAT)") var password: String?
    @Flag(help: "Take the Password or Personal Access Token (PAT) from stdin") var passwordStdin = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let server = Self.server(operands.first)
        var logins = try session.logins()
        var login = try credentials(server: server, stored: try logins.login(for: server), session: session)
        login.serverAddress = server
        let answer = try await session.client.authenticate(login)
        if !answer.identityToken.isEmpty {
            login.identityToken = answer.identityToken
            login.password = ""
        }
        if let path = try logins.store(login, for: server) {
            session.console.printError(
                """

                WARNING! Your credentials are stored unencrypted in '\(path)'.
                Configure a credential helper to remove this warning. See
                https://docs.docker.com/go/credential-store/

                """)
        }
        session.console.print(answer.status.isEmpty ? "Login Succeeded" : answer.status)
    }

    /// The name under which a login is kept, of what the user typed.
    static func server(_ operand: String?) -> String {
        guard let operand, !operand.isEmpty, operand != Logins.hub else { return Logins.hub }
        return Logins.key(forHost: Logins.hostName(operand))
    }

    private func credentials(server: String, stored: AuthConfig, session: Session) throws -> AuthConfig {
        if password != nil {
            session.console.printError("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
            if passwordStdin { throw GantryError.invalid("--password and --password-stdin are mutually exclusive") }
        }
        var login = AuthConfig()
        if passwordStdin {
            guard let username, !username.isEmpty else {
                throw GantryError.invalid("Must provide --username with --password-stdin")
            }
            login.username = username
            var text = String(decoding: try InputStream.readStandard(upTo: 1 << 20), as: UTF8.self)
            while text.last?.isNewline == true { text.removeLast() }
            login.password = text
            return login
        }
        // A login that is known already is tried again without asking.
        if username == nil, password == nil, !stored.username.isEmpty, !stored.password.isEmpty || !stored.identityToken.isEmpty {
            session.console.print("Authenticating with existing credentials... [Username: \(stored.username)]")
            return stored
        }
        login.username = username ?? ""
        login.password = password ?? ""
        guard login.username.isEmpty || login.password.isEmpty else { return login }
        guard session.console.inputIsTerminal else {
            throw GantryError.invalid("Error: Cannot perform an interactive login from a non TTY device")
        }
        try ask(&login, stored: stored, session: session)
        return login
    }

    private func ask(_ login: inout AuthConfig, stored: AuthConfig, session: Session) throws {
        if login.username.isEmpty {
            session.console.text(stored.username.isEmpty ? "Username: " : "Username (\(stored.username)): ")
            login.username = session.console.readLine()?.trimmed ?? ""
            if login.username.isEmpty { login.username = stored.username }
            guard !login.username.isEmpty else { throw GantryError.invalid("Error: Non-null Username Required") }
        }
        if login.password.isEmpty {
            session.console.text("Password: ")
            login.password = try Self.readHidden(session)
            session.console.text("\n")
            guard !login.password.isEmpty else { throw GantryError.invalid("Error: Password Required") }
        }
    }

    /// A line that does not show on the terminal.
    private static func readHidden(_ session: Session) throws -> String {
        let terminal: TerminalMode
        do { terminal = try TerminalMode.withoutEcho(descriptor: 0) } catch {
            throw GantryError(.unavailable, "cannot hide the password on this terminal", cause: error)
        }
        defer { terminal.restore() }
        return session.console.readLine() ?? ""
    }
}
