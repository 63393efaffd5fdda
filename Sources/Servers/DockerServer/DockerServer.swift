internal import Essentials
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// The Docker Engine API on unix sockets and TCP.
package struct DockerServer: Service {
    package struct Listener: Sendable {
        package var address: ListenAddress
        /// For TCP only.
        package var tls: TLSContext?

        package init(_ address: ListenAddress, tls: TLSContext? = nil) {
            self.address = address
            self.tls = tls
        }
    }

    private let listeners: [Listener]
    private let responder: any Responder
    private let onListening: @Sendable (ListenAddress) async -> Void
    private let logger: Logger

    /// - Parameter onListening: called for each listener once it accepts connections, with the port that was picked for port 0.
    package init(
        listeners: [Listener], responder: any Responder, logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        self.listeners = listeners
        self.responder = responder
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the graceful shutdown of the service group that it belongs to, or until its task is cancelled.
    /// - Throws: `conflict` when somebody listens already, or why an address cannot be listened on.
    package func run() async throws {
        for case .unix(let path) in listeners.map(\.address) { try UnixSocketFile(path: path).prepare() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for listener in listeners {
                group.addTask { try await serve(listener) }
            }
            try await group.waitForAll()
        }
    }

    private func serve(_ listener: Listener) async throws {
        let refusal = Refusal()
        let address: BindAddress =
            switch listener.address {
            case .unix(let path): .unixDomainSocket(path: path)
            case .tcp(let host, let port): .hostname(host, port: port)
            }
        let server = Server(
            childChannelSetup: ConnectionChannel(responder: responder, tls: listener.tls),
            configuration: ServerConfiguration(address: address, backlog: 1024),
            onServerRunning: { channel in
                do {
                    var address = listener.address
                    switch address {
                    case .unix(let path): try UnixSocketFile(path: path).restrict()
                    case .tcp(let host, let port): address = .tcp(host: host, port: channel.localAddress?.port ?? port)
                    }
                    logger.info("listening", metadata: ["address": "\(address)"])
                    await onListening(address)
                } catch {
                    // A socket that is open to more people than it should be must not be served.
                    await refusal.keep(error)
                    channel.close(promise: nil)
                }
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        do {
            try await withTaskCancellationHandler {
                try await server.run()
            } onCancel: {
                // The task of a synchronous callback: it ends with the server's shutdown, which `run` waits for.
                Task { try? await server.shutdownGracefully() }
            }
        } catch let error where !(error is GantryError) {
            throw GantryError.unavailable("cannot listen on `\(listener.address)`", cause: error)
        }
        if case .unix(let path) = listener.address { UnixSocketFile(path: path).remove() }
        if let error = await refusal.error { throw error }
    }

    /// Why a listener was closed right after it was opened.
    private actor Refusal {
        private(set) var error: (any Error)?

        func keep(_ error: any Error) { self.error = error }
    }
}
