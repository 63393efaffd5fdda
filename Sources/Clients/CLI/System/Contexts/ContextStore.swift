import Crypto
import DockerAPI
import Essentials
import LinuxSystem

/// Writes named daemons to the configuration folder, where ``StoredContext`` and Docker's own client read them.
struct ContextStore {
    /// The configuration folder.
    var directory: String

    /// What `--docker` says: `host=tcp://…,ca=FILE,cert=FILE,key=FILE,skip-tls-verify=true`.
    struct Endpoint: Equatable {
        var host = ""
        var skipsVerification = false
        /// Files to copy, by the name they get: `ca.pem`, `cert.pem`, `key.pem`.
        var files: [String: String] = [:]

        /// - Throws: ``UsageError`` for an unknown key.
        init(_ text: String) throws {
            for part in text.split(separator: ",") {
                let (key, value) = FlagValue.split(String(part))
                switch key.trimmed {
                case "host": host = value ?? ""
                case "ca", "cert", "key": files["\(key.trimmed).pem"] = value ?? ""
                case "skip-tls-verify":
                    guard let on = Bool(goText: value ?? "") else {
                        throw UsageError.invalid(text, flag: "--docker", "invalid value for skip-tls-verify")
                    }
                    skipsVerification = on
                default: throw UsageError.invalid(text, flag: "--docker", "unrecognized config key: \(key)")
                }
            }
        }
    }

    /// Where the description of a context lies. Source: docker CLI, context store (the folder is the digest of the name).
    func metadataFolder(_ name: String) -> String { "\(directory)/contexts/meta/\(Self.digest(name))" }
    func tlsFolder(_ name: String) -> String { "\(directory)/contexts/tls/\(Self.digest(name))" }

    private static func digest(_ name: String) -> String { Identifier.hex(SHA256.hash(data: Array(name.utf8))) }

    func exists(_ name: String) -> Bool { FileSystem.exists(metadataFolder(name) + "/meta.json") }

    /// - Throws: ``GantryError`` of kind conflict when the name is taken, invalid when it cannot be one.
    func create(_ name: String, description: String, endpoint: Endpoint) throws {
        guard name != "default" else { throw GantryError.invalid("\"default\" is a reserved context name") }
        guard let first = name.utf8.first, Self.isWord(first), name.utf8.count > 1,
            name.utf8.allSatisfy({ Self.isWord($0) || "_.+-".utf8.contains($0) })
        else {
            throw GantryError.invalid(
                "context name \"\(name)\" is invalid, names are validated against regexp \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"")
        }
        guard !exists(name) else { throw GantryError.conflict("context \"\(name)\" already exists") }
        let metadata: [String: JSONValue] = description.isEmpty ? [:] : ["Description": .string(description)]
        let docker: [String: JSONValue] = ["Host": .string(endpoint.host), "SkipTLSVerify": .bool(endpoint.skipsVerification)]
        let value = JSONValue.object([
            "Name": .string(name), "Metadata": .object(metadata), "Endpoints": .object(["docker": .object(docker)]),
        ])
        do {
            if !endpoint.files.isEmpty {
                let folder = tlsFolder(name) + "/docker"
                try FileSystem.makeDirectories(folder, mode: 0o700)
                for (file, source) in endpoint.files {
                    try FileSystem.replace("\(folder)/\(file)", with: try FileSystem.read(source), mode: 0o600)
                }
            }
            try FileSystem.makeDirectories(metadataFolder(name), mode: 0o755)
            try FileSystem.replace(metadataFolder(name) + "/meta.json", with: try EngineJSON.encode(value))
        } catch {
            throw GantryError(.unavailable, "cannot store the context \"\(name)\"", cause: error)
        }
    }

    /// Forgets a context and its certificates.
    func remove(_ name: String) throws {
        do {
            try FileSystem.removeTree(metadataFolder(name))
            try FileSystem.removeTree(tlsFolder(name))
        } catch { throw GantryError(.unavailable, "cannot remove the context \"\(name)\"", cause: error) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
    }
}
