internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

/// Questions to registries. Source: Engine API 1.51, "Distribution" and SystemAuth.
struct DistributionRoutes {
    let images: any ImageOperations

    var all: [Route] {
        [
            Route("GET", "/distribution/{name}/json", endsWithClient: true) { request in
                let reference = try Reference(request.name()).withDefaultTag
                let (descriptor, platforms) = try await images.distribution(reference, credentials: request.registryLogin)
                var body = DistributionInspect()
                body.descriptor = DescriptorBody(descriptor)
                body.platforms = platforms.map(PlatformBody.init)
                return .json(body)
            },
            Route("POST", "/auth", endsWithClient: true) { request in
                let login = RegistryLogin(try await request.json(AuthConfig.self) ?? AuthConfig())
                var response = AuthResponse()
                response.identityToken = try await images.login(login)
                response.status = "Login Succeeded"
                return .json(response)
            },
        ]
    }
}
