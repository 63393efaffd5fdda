import OCI

/// To and from registries.
extension ImageService {
    func pull(
        _ reference: Reference, allTags: Bool, platform: Platform?, allPlatforms: Bool, credentials: RegistryLogin?,
        progress: @escaping ProgressSink
    ) async throws {
        guard !allPlatforms else {
            return try await transfer.pullAllPlatforms(reference.withDefaultTag, credentials: credentials, progress: progress)
        }
        try await transfer.pull(reference, allTags: allTags, platform: platform, credentials: credentials, progress: progress)
    }

    func push(
        _ reference: Reference, platform: Platform?, credentials: RegistryLogin?, progress: @escaping ProgressSink
    ) async throws {
        try await transfer.push(reference, platform: platform, credentials: credentials, progress: progress)
    }

    func login(_ login: RegistryLogin) async throws -> String { try await transfer.login(login) }

    func distribution(_ reference: Reference, credentials: RegistryLogin?) async throws -> (Descriptor, [Platform]) {
        try await transfer.distribution(reference, credentials: credentials)
    }
}
