import NIOHTTP1
package import OCI

/// One repository of one registry that has answered, with the right to read it or to write it.
package struct RegistryRepository: Sendable {
    package enum Access: Sendable { case pull, push }

    let client: RegistryClient
    let connection: RegistryConnection
    /// As people name it, for messages: also where the blobs come from a mirror.
    package let reference: Reference
    let credentials: RegistryCredentials
    let access: Access

    /// Below the registry: `library/python`.
    package var path: String { reference.path }
    /// The registry that is asked: `docker.io`, or a mirror's name.
    package var host: String { connection.host }

    var base: String { "\(connection.base)/v2/\(path)" }
    var scopes: [String] { ["repository:\(path):\(access == .push ? "pull,push" : "pull")"] }

    func call(_ method: HTTPMethod, _ rest: String) -> RegistryCall {
        var call = RegistryCall(method, base + rest)
        call.scopes = scopes
        return call
    }
}

extension RegistryClient {
    /// The registry of a reference itself, never a mirror: for pushes, tags and whatever must be current.
    package func repository(
        of reference: Reference, credentials: RegistryCredentials, access: RegistryRepository.Access
    ) async throws
        -> RegistryRepository
    {
        let connection = try await connect(configuration.host(named: reference.domain))
        return RegistryRepository(
            client: self, connection: connection, reference: reference, credentials: credentials, access: access)
    }
}
