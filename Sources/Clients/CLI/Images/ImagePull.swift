import DockerAPI
import EngineClient
import Essentials
import OCI

/// Pulls an image through the daemon with the user's login and shows how it goes. Also what `run` does for a missing image.
struct ImagePull {
    var reference: Reference
    var allTags = false
    /// `os/arch[/variant]`, nil for the daemon's own.
    var platform: String?
    /// All that the name has.
    var allPlatforms = false

    /// - Throws: ``GantryError`` of the daemon or of the stream.
    func perform(in session: Session, output: TransferDisplay.Output) async throws {
        let login = try session.login(for: reference)
        let tag = allTags ? nil : reference.digest.map { "\($0)" } ?? reference.tag
        let messages = try await session.client.pull(
            reference.familiarRepository, tag: tag, platform: platform, allPlatforms: allPlatforms, login: login)
        var display = TransferDisplay(console: session.console, output: output, environment: session.environment)
        try await display.show(messages)
    }
}

extension Session {
    /// The user's logins.
    func logins() throws -> Logins { try Logins(config: try config(), environment: environment) }

    /// The login for the registry of `reference`; nil when there is none.
    func login(for reference: Reference) throws -> AuthConfig? {
        let login = try logins().login(for: Logins.key(forHost: reference.domain))
        return login.username.isEmpty && login.identityToken.isEmpty && login.registryToken.isEmpty ? nil : login
    }
}
