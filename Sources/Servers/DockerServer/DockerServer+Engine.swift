package import Engine
internal import Essentials
package import Logging

extension DockerServer {
    /// The server of an engine.
    /// - Throws: `invalid` for an address that is none.
    package init(
        engine: any EngineOperations, configuration: DockerServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) throws {
        let routes = DockerRoutes.all(engine: engine, identity: configuration.identity)
        self.init(
            listeners: try configuration.listeners(),
            responder: Router(
                routes: routes, serverVersion: configuration.identity.version,
                isExperimental: configuration.identity.isExperimental, logger: logger),
            logger: logger, onListening: onListening)
    }
}
