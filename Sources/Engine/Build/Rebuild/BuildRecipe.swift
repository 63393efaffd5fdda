import Builder
import Essentials
import OCI

/// What a build was made from, so that it can be made again. Values of secrets are not kept, only that there were some.
package struct BuildRecipe: Sendable, Codable, Hashable {
    /// The Dockerfile's text.
    package var dockerfile: String
    /// Its path in the context.
    package var dockerfileName: String
    /// The rules of a Dockerfile that lay outside of the context; nil where the context's own count.
    package var ignoreRules: String?
    package var arguments: [String: String] = [:]
    package var labels: [String: String] = [:]
    package var target = ""
    package var platform = ""
    package var networkMode = ""
    package var extraHosts: [String] = []
    package var squashes = false
    package var entitlements: [String] = []
    /// The client's folder, by the client's own name for it; nil when the context was none.
    package var contextPath: String?
    /// The context's address; nil when it was the client's.
    package var remote: String?
    /// Named contexts that have an address or are images, as `--build-context` takes them.
    package var contexts: [String: String] = [:]
    /// Named contexts that were the client's folders.
    package var folders: [String] = []
    package var secrets: [String] = []
    package var agents: [String] = []
    /// Ids of the images that it stood on, by their names in full.
    package var bases: [String: String] = [:]

    init(_ request: ImageBuildRequest, dockerfile: String, platform: Platform, bases: [Reference: Digest]) {
        let options = request.options
        self.dockerfile = dockerfile
        dockerfileName = request.dockerfile.isEmpty ? "Dockerfile" : request.dockerfile
        ignoreRules = request.local.ignoreRules
        arguments = options.buildArguments.compactMapValues { $0 }
        labels = options.labels
        target = options.target
        self.platform = platform.text
        networkMode = options.networkMode
        extraHosts = options.extraHosts
        squashes = options.squashes
        entitlements = options.entitlements.sorted()
        contextPath = request.local.contextPath
        remote = request.remote.isEmpty || request.remote == "client-session" ? nil : PublicAddress.of(request.remote)
        for context in request.local.contexts {
            switch context.source {
            case .image(let name): contexts[context.name] = "docker-image://\(name)"
            case .remote(let address): contexts[context.name] = PublicAddress.of(address)
            case .directory, .layout: folders.append(context.name)
            }
        }
        secrets = options.secrets.keys.sorted()
        agents = options.agents.sorted()
        for (name, id) in bases { self.bases[name.canonical] = id.description }
    }
}
