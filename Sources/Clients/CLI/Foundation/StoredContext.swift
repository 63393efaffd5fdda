import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// A named daemon in the configuration folder: `contexts/meta/<digest of the name>/meta.json` and, beside it,
/// `contexts/tls/<digest>/docker/*.pem`. Source: docker CLI, context store.
struct StoredContext: Sendable {
    var name: String
    var description: String
    var host: String
    var tls: TLSSettings?

    /// All contexts in `directory`, by name; unreadable ones are left out.
    static func all(directory: String) -> [StoredContext] {
        let store = "\(directory)/contexts/meta"
        guard let folders = try? FileSystem.list(store) else { return [] }
        return folders.compactMap { folder in
            guard let bytes = try? FileSystem.read("\(store)/\(folder)/meta.json"),
                let value = try? EngineJSON.decode(JSONValue.self, from: bytes)
            else { return nil }
            return StoredContext(value, tlsFolder: "\(directory)/contexts/tls/\(folder)/docker")
        }.sorted { $0.name < $1.name }
    }

    /// - Throws: ``GantryError`` of kind notFound.
    static func load(_ name: String, directory: String) throws -> StoredContext {
        if let found = all(directory: directory).first(where: { $0.name == name }) { return found }
        throw GantryError.notFound("context \"\(name)\": context not found")
    }

    private init?(_ value: JSONValue, tlsFolder: String) {
        guard let name = value["Name"]?.string, let endpoint = value["Endpoints"]?["docker"] else { return nil }
        self.name = name
        description = value["Metadata"]?["Description"]?.string ?? ""
        host = endpoint["Host"]?.string ?? ClientSettings.defaultHost
        let skips = endpoint["SkipTLSVerify"] == .bool(true)
        func file(_ name: String) -> String? { FileSystem.exists("\(tlsFolder)/\(name)") ? "\(tlsFolder)/\(name)" : nil }
        if file("ca.pem") != nil || file("cert.pem") != nil || skips && host.hasPrefix("tcp://") && FileSystem.exists(tlsFolder) {
            tls = TLSSettings(
                verifies: !skips, authorityFile: file("ca.pem"), certificateFile: file("cert.pem"), keyFile: file("key.pem"))
        }
    }
}
