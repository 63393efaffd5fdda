import CLinux
import DockerAPI
import Essentials
import LinuxSystem

extension BuildCommand {
    /// What the daemon is asked for beyond Docker's parameters, and the files that must stay open until the build has ended.
    func additions(_ session: Session, outputs: [BuildOutput]) throws -> (BuildAdditions, [OwnedDescriptor]) {
        var additions = BuildAdditions()
        var open: [OwnedDescriptor] = []
        func nonEmpty<Value: Collection>(_ value: Value) -> Value? { value.isEmpty ? nil : value }
        additions.secrets = nonEmpty(try Dictionary(uniqueKeysWithValues: secret.map { try Self.secret($0, session.environment) }))
        for text in ssh {
            let (id, descriptor) = try Self.agent(text, session.environment)
            additions.agents = (additions.agents ?? [:]).merging([id: try descriptor.described()]) { _, new in new }
            open.append(descriptor)
        }
        for text in buildContext {
            let (context, descriptor) = try Self.namedContext(text)
            additions.contexts = (additions.contexts ?? []) + [context]
            if let descriptor { open.append(descriptor) }
        }
        additions.allow = nonEmpty(try allow.commaSeparated.map(Self.entitlement))
        additions.noCacheFilter = nonEmpty(noCacheFilter.commaSeparated)
        additions.whatIf = nonEmpty(whatIf.commaSeparated)
        let platforms = platforms(session)
        if platforms.count > 1 { additions.platforms = platforms }
        additions.attestations = nonEmpty(try exports.attestations())
        if !outputs.isEmpty, outputs.allSatisfy(\.needsNoImage), tag.isEmpty {
            additions.discardsImage = true
            if outputs.allSatisfy({ $0.kind == .nothing }) { additions.discardsResult = true }
        }
        additions.call = try call.flatMap { $0.kind == "build" ? nil : $0.kind }
        if let onFailure {
            guard onFailure == "shell" else {
                throw UsageError.invalid(onFailure, flag: "--on-failure", "expected \"shell\"")
            }
            additions.keepsFailedStep = true
        }
        let caches = BuildCacheFlags(from: cacheFrom, to: cacheTo)
        let (from, to, folders) = try caches.options { session.console.errorText("WARNING: \($0)\n") }
        additions.cacheFrom = nonEmpty(from)
        additions.cacheTo = nonEmpty(to)
        open += folders
        if !open.isEmpty { additions.processID = getpid() }
        return (additions, open)
    }

    /// `id=x[,src=path|,env=NAME]`; without a source the variable or else the file of the id's name.
    private static func secret(_ text: String, _ environment: [String: String]) throws -> (String, String) {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--secret", reason) }
        var fields: [String: String] = [:]
        for part in text.split(separator: ",") {
            let (key, value) = FlagValue.split(String(part))
            guard let value else { throw wrong("invalid field '\(part)' must be a key=value pair") }
            fields[key.lowercased()] = value
        }
        let type = fields["type"] ?? ""
        guard ["", "file", "env"].contains(type) else { throw wrong("unsupported secret type \"\(type)\"") }
        guard let id = fields["id"], !id.isEmpty else { throw wrong("secret ID is required") }
        let source = fields["source"] ?? fields["src"]
        if let unknown = fields.keys.sorted().first(where: { !["type", "id", "source", "src", "env"].contains($0) }) {
            throw wrong("unexpected key '\(unknown)' in '\(unknown)=\(fields[unknown] ?? "")'")
        }
        let name = fields["env"] ?? (type == "env" ? source ?? id : source == nil && environment[id] != nil ? id : nil)
        if type != "file", let name {
            return (id, Base64.encode(Array((environment[name] ?? "").utf8)))
        }
        let path = source ?? id
        do { return (id, Base64.encode(try FileSystem.read(path))) } catch {
            throw GantryError.notFound("failed to stat \(path): no such file or directory", cause: error)
        }
    }

    /// `default`, `id`, `id=path of a socket`, or `id=path of a key[,another]`.
    private static func agent(_ text: String, _ environment: [String: String]) throws -> (String, OwnedDescriptor) {
        let (id, given) = FlagValue.split(text)
        guard let value = given ?? environment["SSH_AUTH_SOCK"], !value.isEmpty else {
            throw GantryError.invalid(
                "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set", hint: "start one with `eval $(ssh-agent)`")
        }
        let paths = given == nil ? [value] : value.split(separator: ",").map(String.init)
        let files = try paths.map { path in
            do { return try OwnedDescriptor.open(path, O_PATH) } catch {
                throw GantryError.notFound(
                    "cannot open `\(path)`, which should be an ssh agent's socket or a private key", cause: error)
            }
        }
        let sockets = try files.filter { try $0.status().kind == .socket }
        if let socket = sockets.first {
            guard paths.count == 1 else { throw GantryError.invalid("invalid ssh `\(text)`: a socket stands alone") }
            return (id, socket)
        }
        return (id, try KeyAgent(paths: paths, temporary: environment["TMPDIR"] ?? "/tmp").socket)
    }

    private static func entitlement(_ text: String) throws -> String {
        guard ["network.host", "security.insecure"].contains(text) else {
            throw GantryError.invalid(
                "unknown entitlement `\(text)`", hint: "`network.host` and `security.insecure` can be allowed")
        }
        return text
    }

    /// `name=folder`, `name=docker-image://…`, `name=https://…`, `name=oci-layout://folder[:tag|@digest]`.
    private static func namedContext(_ text: String) throws -> (BuildAdditions.NamedContext, OwnedDescriptor?) {
        let (name, given) = FlagValue.split(text)
        guard let value = given, !name.isEmpty, !value.isEmpty else {
            throw UsageError.invalid(text, flag: "--build-context", "invalid context value: \(text), expected key=value")
        }
        if value.hasPrefix("docker-image://") {
            return (BuildAdditions.NamedContext(name: name, kind: .image, value: String(value.dropFirst(15))), nil)
        }
        if case .remote = source(value) { return (BuildAdditions.NamedContext(name: name, kind: .remote, value: value), nil) }
        if value.hasPrefix("oci-layout://") { return try layout(name, String(value.dropFirst(13))) }
        guard !value.hasPrefix("target:") else {
            throw GantryError.unsupported("`target:` contexts belong to bake", hint: "use a stage of the same Dockerfile")
        }
        var context = BuildAdditions.NamedContext(name: name, kind: .directory, value: value)
        let folder = try open(value, name)
        context.descriptor = try folder.described()
        let rules = try? FileSystem.readText(value + "/.dockerignore", limit: 16 << 20)
        context.ignoreRules = rules
        return (context, folder)
    }

    private static func layout(_ name: String, _ text: String) throws -> (BuildAdditions.NamedContext, OwnedDescriptor) {
        var path = text
        var wanted = ""
        if let at = text.lastIndex(of: "@") {
            (path, wanted) = (String(text[..<at]), String(text[text.index(after: at)...]))
        } else if let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") {
            (path, wanted) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        }
        var context = BuildAdditions.NamedContext(name: name, kind: .layout, value: wanted)
        let folder = try open(path, name)
        context.descriptor = try folder.described()
        return (context, folder)
    }

    private static func open(_ path: String, _ name: String) throws -> OwnedDescriptor {
        do { return try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY) } catch {
            throw GantryError.notFound("failed to get build context \(name): `\(path)` is no folder", cause: error)
        }
    }
}

extension OwnedDescriptor {
    /// How the daemon is told of it.
    func described() throws -> BuildAdditions.Descriptor {
        let status = try status()
        return BuildAdditions.Descriptor(number: raw, device: status.device, inode: status.inode)
    }
}
