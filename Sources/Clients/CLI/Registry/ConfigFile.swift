import CLinux
import DockerAPI
import Essentials
import LinuxSystem

/// The file `config.json` that holds logins and settings of the command line. It is Docker's own file, so that a login made with
/// one program serves the other; what we do not know in it is kept as it is.
struct ConfigFile {
    /// The file's path.
    let path: String
    private var root: [String: JSONValue]

    /// The folder of the configuration: the flag `--config`, else `DOCKER_CONFIG`, else `~/.docker`.
    static func directory(flag: String?, environment: [String: String]) -> String {
        if let flag, !flag.isEmpty { return flag }
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty { return folder }
        return (environment["HOME"] ?? "/root") + "/.docker"
    }

    /// An empty configuration that would be written to `directory`.
    init(directory: String) {
        path = directory + "/config.json"
        root = [:]
    }

    /// Reads the file in `directory`; one that is missing or empty is an empty configuration.
    /// - Throws: ``GantryError`` when it cannot be read or is no JSON object.
    static func load(directory: String) throws -> ConfigFile {
        var file = ConfigFile(directory: directory)
        let bytes: [UInt8]
        do { bytes = try FileSystem.read(file.path) } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return file }
            throw GantryError(.denied, "cannot read the configuration file", cause: error)
        }
        guard !bytes.allSatisfy({ $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }) else { return file }
        do {
            guard case .object(let members) = try EngineJSON.decode(JSONValue.self, from: bytes) else {
                throw GantryError.invalid("expected an object")
            }
            file.root = members
        } catch {
            throw GantryError.invalid("cannot parse the configuration file `\(file.path)`", cause: error)
        }
        return file
    }

    /// Writes the file anew, readable by its owner alone, through the link when it is one.
    func save() throws {
        do {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            try FileSystem.makeDirectories(folder, mode: 0o700)
            let text = try JSONText.pretty(.object(root), first: ["auths", "HttpHeaders"])
            try FileSystem.replace(Self.linkTarget(path), with: text, mode: 0o600)
        } catch {
            throw GantryError(.denied, "cannot write the configuration file `\(path)`", cause: error)
        }
    }

    /// Where `path` leads when it is a symbolic link; a rename would replace the link itself.
    private static func linkTarget(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    // MARK: Settings

    /// A setting that is text, for example `currentContext`; nil when missing or empty. Setting nil removes it.
    subscript(text key: String) -> String? {
        get { root[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        set { root[key] = newValue.map { .string($0) } }
    }

    /// A setting that is an object of texts, for example `credHelpers`.
    func texts(_ key: String) -> [String: String] {
        guard case .object(let members)? = root[key] else { return [:] }
        return members.compactMapValues(\.string)
    }

    /// The raw value of a setting.
    subscript(value key: String) -> JSONValue? {
        get { root[key] }
        set { root[key] = newValue }
    }

    /// The program `docker-credential-<name>` that keeps the logins of `server`; nil when they are in this file.
    func helper(for server: String) -> String? {
        texts("credHelpers")[server] ?? self[text: "credsStore"]
    }
}
