import DockerAPI
import Essentials
import NIOCore
import NIOPosix
import Synchronization

/// Typed calls to a daemon over its socket. Each request has a connection of its own; one event loop serves them all.
package final class EngineClient: Sendable {
    /// The newest version of the API that we speak.
    package static let newestVersion = "1.51"

    package let address: EngineAddress
    private let security: (any ConnectionSecurity)?
    private let headers: [(name: String, value: String)]
    /// Called once when nobody listens, to start a daemon; true when it is worth trying again.
    private let whenRefused: (@Sendable () async throws -> Bool)?
    private let version: Mutex<String>
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// - Parameter version: of the API; lowered when the daemon says that it is too new.
    package init(
        address: EngineAddress, version: String = EngineClient.newestVersion, tls: TLSSettings? = nil,
        headers: [(name: String, value: String)] = [], whenRefused: (@Sendable () async throws -> Bool)? = nil
    ) throws {
        self.address = address
        self.version = Mutex(version)
        self.headers = headers
        self.whenRefused = whenRefused
        security = try tls.map { try TLSSecurity($0, address: address) }
    }

    package var apiVersion: String { version.withLock { $0 } }

    /// Sends `request`; an answer of 400 or more becomes an error.
    /// - Throws: ``GantryError`` with the daemon's message behind ``daemonPrefix``, or unavailable when it cannot be reached.
    package func send(_ request: EngineRequest) async throws -> EngineResponse {
        do { return try await sendOnce(request) } catch let error as GantryError {
            guard case .stream = request.body else {
                if lowerVersion(error) { return try await sendOnce(request) }
                throw error
            }
            throw error
        }
    }

    /// Sends `request` and reads the JSON that it answers.
    package func json<Value: Decodable>(_ type: Value.Type, _ request: EngineRequest) async throws -> Value {
        try await send(request).json(type)
    }

    /// Sends `request` and waits for the end of its answer.
    package func call(_ request: EngineRequest) async throws {
        for try await _ in try await send(request).body {}
    }

    /// Sends `request` with an upgrade to raw bytes.
    package func hijack(_ request: EngineRequest) async throws -> HijackedConnection {
        var request = request
        request.headers += [("Connection", "Upgrade"), ("Upgrade", "tcp")]
        do { return try await hijackOnce(request) } catch let error as GantryError {
            if lowerVersion(error) { return try await hijackOnce(request) }
            throw error
        }
    }

    private func hijackOnce(_ request: EngineRequest) async throws -> HijackedConnection {
        let (exchange, head) = try await exchange(request)
        guard head.status < 400 else {
            throw await Self.failure(EngineResponse(head: head, body: ResponseBody(exchange: exchange)))
        }
        guard head.status == 101 || head.status == 200 else {
            throw GantryError.invalid("unable to upgrade to tcp, received \(head.status)")
        }
        let (connection, leftover) = await exchange.hijack()
        return HijackedConnection(connection, leftover: leftover, contentType: head.header("content-type"))
    }

    private func sendOnce(_ request: EngineRequest) async throws -> EngineResponse {
        let (exchange, head) = try await exchange(request)
        let response = EngineResponse(head: head, body: ResponseBody(exchange: exchange))
        guard head.status < 400 else { throw await Self.failure(response) }
        return response
    }

    private func exchange(_ request: EngineRequest) async throws -> (Exchange, ResponseHead) {
        let connection = try await connect()
        do {
            let exchange = try await Exchange.start(connection, head: requestHead(request), body: request.body)
            return (exchange, try await exchange.head(bodiless: request.method == .head))
        } catch let error as GantryError {
            throw error
        } catch {
            connection.close()
            if Task.isCancelled { throw CancellationError() }
            throw GantryError(.unavailable, "error during connect: \(request.method.rawValue) \(request.path)", cause: error)
        }
    }

    private func connect() async throws -> Connection {
        do { return try await Connection.open(address, on: group, security: security) } catch {
            if let whenRefused, Self.isAbsent(error), try await whenRefused() {
                do { return try await Connection.open(address, on: group, security: security) } catch { throw unreachable(error) }
            }
            throw unreachable(error)
        }
    }

    /// - Returns: false when it was so already.
    func setVersion(_ newest: String) -> Bool {
        version.withLock { version in
            defer { version = newest }
            return version != newest
        }
    }

    private func requestHead(_ request: EngineRequest) -> String {
        var text = "\(request.method.rawValue) \(request.target(version: version.withLock { $0 })) HTTP/1.1\r\n"
        text += "Host: api.gantry.localhost\r\nUser-Agent: Gantry-Client\r\n"
        for (name, value) in headers + request.headers { text += "\(name): \(value)\r\n" }
        switch request.body {
        case .none: if request.method != .get && request.method != .head { text += "Content-Length: 0\r\n" }
        case .bytes(let bytes, let type): text += "Content-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n"
        case .stream(_, let type): text += "Content-Type: \(type)\r\nTransfer-Encoding: chunked\r\n"
        }
        return text + "\r\n"
    }
}
