import AsyncHTTPClient
package import Logging
import NIOCore
import Synchronization

/// Speaks the registry protocol with any number of registries. Source: OCI distribution-spec 1.1.
///
/// Connections, tokens and what each registry wants are kept for as long as the client lives; `shutdown()` must be called once.
/// Errors are `GantryError` in Docker's words.
package final class RegistryClient: Sendable {
    package let configuration: RegistryConfiguration
    let logger: Logger
    let http: HTTPClient
    let tokens = TokenStore()
    let connections = Mutex<[RegistryHost: RegistryConnection]>([:])

    package init(configuration: RegistryConfiguration = RegistryConfiguration(), logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        var settings = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(30), read: configuration.idleTimeout, write: configuration.idleTimeout))
        settings.connectionPool.retryConnectionEstablishment = false
        settings.httpVersion = .http1Only
        settings.decompression = .disabled
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    /// Ends every connection; requests under way fail.
    package func shutdown() async throws { try await http.shutdown() }
}
