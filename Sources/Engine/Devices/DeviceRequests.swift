import ContainerRuntime
import Essentials
import OCI

/// What `--gpus` and `--device vendor.com/class=name` ask for, found in the host's CDI files.
enum DeviceRequests {
    private static let graphics = ["nvidia.com/gpu", "amd.com/gpu"]

    /// - Throws: Docker's errors for what the host does not offer.
    static func edits(
        _ requests: [ResourceSettings.DeviceRequest], directories: [String]
    ) throws(GantryError) -> [CDIEdits] {
        guard !requests.isEmpty else { return [] }
        let registry = CDIRegistry(directories: directories)
        var names: [CDIName] = []
        for request in requests {
            if request.driver == "cdi" {
                for text in request.deviceIDs {
                    guard let name = CDIName(text) else { throw .invalid("invalid CDI device name: `\(text)`") }
                    names.append(name)
                }
            } else {
                names += try graphicsNames(request, registry)
            }
        }
        return try registry.resolve(names)
    }

    private static func graphicsNames(
        _ request: ResourceSettings.DeviceRequest, _ registry: CDIRegistry
    ) throws(GantryError) -> [CDIName] {
        let isGraphics = request.capabilities.contains { $0.contains("gpu") } && ["", "nvidia", "amd"].contains(request.driver)
        let kinds = graphics.filter { request.driver.isEmpty || $0.hasPrefix(request.driver) }
        guard isGraphics, let kind = kinds.first(where: registry.has) else {
            let words = request.capabilities.map { "[" + $0.joined(separator: " ") + "]" }.joined(separator: " ")
            throw .invalid("could not select device driver \"\(request.driver)\" with capabilities: [\(words)]")
        }
        if !request.deviceIDs.isEmpty { return request.deviceIDs.map { CDIName(kind: kind, device: $0) } }
        if request.count < 0 { return [CDIName(kind: kind, device: "all")] }
        return (0..<request.count).map { CDIName(kind: kind, device: "\($0)") }
    }

    static func apply(_ edits: [CDIEdits], to options: inout SandboxOptions) {
        for edit in edits {
            options.environment = ImageDefaults.replacing(options.environment, with: edit.env ?? [])
            options.devices += (edit.deviceNodes ?? []).map {
                SandboxOptions.DeviceMapping(
                    hostPath: $0.hostPath ?? $0.path, containerPath: $0.path, access: $0.permissions ?? "rwm")
            }
            options.binds += (edit.mounts ?? []).map { mount in
                let words = mount.options ?? []
                return SandboxOptions.Bind(
                    source: mount.hostPath, destination: mount.containerPath, readOnly: words.contains("ro"),
                    recursive: !words.contains("bind"))
            }
            let groups = edit.additionalGids ?? []
            options.user.additionalGids = (options.user.additionalGids ?? []) + groups
        }
    }

    /// Hooks are the specification's, not the sandbox's; whether they can be run is the runtime's to say.
    static func apply(_ edits: [CDIEdits], to specification: inout RuntimeSpecification) throws(GantryError) {
        for hook in edits.flatMap({ $0.hooks ?? [] }) {
            var hooks = specification.hooks ?? RuntimeSpecification.Hooks()
            let entry = hook.entry
            switch hook.hookName {
            case "prestart": hooks.prestart = (hooks.prestart ?? []) + [entry]
            case "createRuntime": hooks.createRuntime = (hooks.createRuntime ?? []) + [entry]
            case "createContainer": hooks.createContainer = (hooks.createContainer ?? []) + [entry]
            case "startContainer": hooks.startContainer = (hooks.startContainer ?? []) + [entry]
            case "poststart": hooks.poststart = (hooks.poststart ?? []) + [entry]
            case "poststop": hooks.poststop = (hooks.poststop ?? []) + [entry]
            default: throw .invalid("CDI hook `\(hook.hookName)` is unknown")
            }
            specification.hooks = hooks
        }
    }
}
