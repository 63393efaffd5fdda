internal import Essentials
internal import FoundationEssentials
internal import LinuxSystem

/// An OCI runtime other than ours, known by its command line.
package struct OtherRuntime: Sendable, Hashable, Codable {
    package var name: String
    /// Of the program; without a slash it is looked for where programs are.
    package var path: String
    /// Come before all others at each call.
    package var arguments: [String]
    /// It is to ask systemd for the container's control groups.
    var usesSystemd = false

    package init(name: String, path: String, arguments: [String] = []) {
        self.name = name
        self.path = path
        self.arguments = arguments
    }

    /// With the program's whole path.
    /// - Throws: `unavailable` when there is no such program.
    func located(driver: CgroupDriver) throws(GantryError) -> OtherRuntime {
        var result = self
        result.usesSystemd = driver == .systemd
        let places = path.contains("/") ? [path] : HostProgram.directories.map { "\($0)/\(path)" }
        guard let place = places.first(where: { (try? FileStatus($0, follow: true).kind) == .regular }) else {
            throw .unavailable(
                "the program `\(path)` of the runtime `\(name)` is not there", hint: "install it, or change its path in daemon.json"
            )
        }
        result.path = place
        return result
    }

    // MARK: Commands

    /// What every command begins with. The runtime keeps its state in the container's directory, where it goes with the container.
    /// - Parameter log: where it writes what goes wrong, an object per line.
    func command(stateDirectory: String, log: String) -> [String] {
        [path] + arguments + ["--root", "\(stateDirectory)/oci", "--log", log, "--log-format", "json"]
            + (usesSystemd ? ["--systemd-cgroup"] : [])
    }

    // MARK: What is kept for later commands

    func save(in stateDirectory: String) throws {
        try FileSystem.replace("\(stateDirectory)/runtime", with: try Self.json(self), mode: 0o600)
    }

    /// The runtime that made a container; nil for ours.
    static func of(stateDirectory: String) -> OtherRuntime? {
        guard let bytes = try? FileSystem.read("\(stateDirectory)/runtime", limit: 1 << 20) else { return nil }
        return try? JSONDecoder().decode(OtherRuntime.self, from: Data(bytes))
    }

    static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
