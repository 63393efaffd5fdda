import AsyncHTTPClient
import Essentials
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

extension RegistryClient {
    /// Finds out under which of its addresses a registry answers and what it wants to know, once.
    ///
    /// Source: OCI distribution-spec, end-1. Any answer will do; only a registry that gives none is passed over.
    func connect(_ host: RegistryHost) async throws -> RegistryConnection {
        if let known = connections.withLock({ $0[host] }) { return known }
        var failure: any Error = GantryError.unavailable("registry `\(host.name)` has no address")
        for base in host.bases {
            do {
                let connection = RegistryConnection(
                    host: host.name, base: base, challenges: [], tls: try tlsConfiguration(of: host), allowsPlain: host.isInsecure)
                let found = try await ask(connection)
                connections.withLock { $0[host] = found }
                return found
            } catch {
                if error is CancellationError || Task.isCancelled { throw error }
                failure = (error as? ConnectionFailure)?.report ?? error
            }
        }
        throw failure
    }

    private func ask(_ connection: RegistryConnection) async throws -> RegistryConnection {
        var call = RegistryCall(.GET, connection.base + "/v2/")
        call.attempts = 1
        call.timeout = .seconds(30)
        let response = try await exchange(call, url: call.url, method: .GET, authorization: nil, over: connection)
        await discard(response)
        var found = connection
        if response.status == .unauthorized { found.challenges = Challenge.parse(response.headers["WWW-Authenticate"]) }
        return found
    }

    /// Trust in the authorities of `certs.d/<host>/`, in the system's, or, for insecure registries, in anyone.
    private func tlsConfiguration(of host: RegistryHost) throws -> TLSConfiguration? {
        let folder = "\(configuration.certificatesDirectory)/\(host.name)"
        // The name comes from a reference, whose grammar admits no slash and no leading dot.
        guard !host.name.contains("/"), !host.name.hasPrefix(".") else { return nil }
        var settings = TLSConfiguration.makeClientConfiguration()
        var isOwn = false
        if host.isInsecure {
            settings.certificateVerification = .none
            isOwn = true
        }
        if FileManager.default.fileExists(atPath: "\(folder)/ca.crt") {
            settings.additionalTrustRoots = [.file("\(folder)/ca.crt")]
            settings.certificateVerification = .fullVerification
            isOwn = true
        }
        if FileManager.default.fileExists(atPath: "\(folder)/client.cert") {
            do {
                settings.certificateChain = try NIOSSLCertificate.fromPEMFile("\(folder)/client.cert").map { .certificate($0) }
                settings.privateKey = .privateKey(try NIOSSLPrivateKey(file: "\(folder)/client.key", format: .pem))
            } catch { throw GantryError.invalid("cannot use the client certificate in `\(folder)`", cause: error) }
            isOwn = true
        }
        return isOwn ? settings : nil
    }
}
