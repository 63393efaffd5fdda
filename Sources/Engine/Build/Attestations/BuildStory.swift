import Builder
import Essentials
import OCI

/// How a build was asked for, as its provenance tells it. Values of secrets are no part of it.
struct BuildStory: Sendable {
    let request: ImageBuildRequest
    let dockerfile: String
    let startedAt: Timestamp
    /// Contexts that were fetched; the build's own first where it was.
    let fetched: [BuildMaterial]
    let invocationID = Identifier.randomHex(bytes: 12)

    /// The parameters by the names that front ends know them by. Source: BuildKit, frontend/dockerfile, options.
    var arguments: [String: String] {
        let options = request.options
        var result: [String: String] = [:]
        for case (let name, let value?) in options.buildArguments { result["build-arg:\(name)"] = value }
        for (name, value) in options.labels { result["label:\(name)"] = value }
        for context in request.local.contexts {
            switch context.source {
            case .image(let name): result["context:\(context.name)"] = "docker-image://\(name)"
            case .remote(let address): result["context:\(context.name)"] = PublicAddress.of(address)
            case .directory: result["context:\(context.name)"] = "local:\(context.name)"
            case .layout: result["context:\(context.name)"] = "oci-layout://\(context.name)"
            }
        }
        if !options.target.isEmpty { result["target"] = options.target }
        if options.noCache { result["no-cache"] = "" }
        if options.pull { result["image-resolve-mode"] = "pull" }
        if !options.networkMode.isEmpty { result["force-network-mode"] = options.networkMode }
        if !options.extraHosts.isEmpty { result["add-hosts"] = options.extraHosts.joined(separator: ",") }
        if request.dockerfile != "Dockerfile", !request.dockerfile.isEmpty { result["filename"] = request.dockerfile }
        return result
    }

    /// The address of a remote context; nil for one that the client gave.
    var remote: String? {
        request.remote.isEmpty || request.remote == "client-session" ? nil : PublicAddress.of(request.remote)
    }
}
