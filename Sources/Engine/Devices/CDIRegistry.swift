import Essentials
import FoundationEssentials
import LinuxSystem

/// The devices that the host's CDI files describe. Read when a container asks for one: drivers write these files at any time.
struct CDIRegistry: Sendable {
    private var edits: [CDIName: [CDIEdits]] = [:]
    /// Files that could not be used, with the reason.
    private(set) var problems: [String] = []

    /// - Parameter directories: later ones win over earlier ones. Source: Container Device Interface, SPEC.md.
    init(directories: [String]) {
        for directory in directories {
            var here: [CDIName: [CDIEdits]] = [:]
            for name in ((try? FileSystem.list(directory)) ?? []).sorted() {
                read("\(directory)/\(name)", into: &here)
            }
            edits.merge(here) { _, later in later }
        }
    }

    private mutating func read(_ path: String, into found: inout [CDIName: [CDIEdits]]) {
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
            problems.append("`\(path)` is not read: write it as JSON (for example `nvidia-ctk cdi generate --format=json`)")
            return
        }
        guard path.hasSuffix(".json") else { return }
        do {
            let bytes = try FileSystem.read(path, limit: 16 << 20)
            let specification = try JSONDecoder().decode(CDISpecification.self, from: Data(bytes))
            for device in specification.devices {
                let name = CDIName(kind: specification.kind, device: device.name)
                guard found[name] == nil else {
                    problems.append("device `\(name)` stands twice in one directory, again in `\(path)`")
                    found[name] = nil
                    continue
                }
                found[name] = [device.containerEdits] + (specification.containerEdits.map { [$0] } ?? [])
            }
        } catch {
            problems.append("`\(path)` cannot be read: \(error)")
        }
    }

    func has(kind: String) -> Bool { edits.keys.contains { $0.kind == kind } }

    /// The edits of all `names`, those of a file once.
    /// - Throws: `invalid` with Docker's words for a device that no file describes.
    func resolve(_ names: [CDIName]) throws(GantryError) -> [CDIEdits] {
        let missing = names.filter { edits[$0] == nil }
        guard missing.isEmpty else {
            throw .invalid(
                "CDI device injection failed: unresolvable CDI devices \(missing.map(\.description).joined(separator: ", "))",
                hint: problems.isEmpty ? nil : problems.joined(separator: "; "))
        }
        var result: [CDIEdits] = []
        var kinds: Set<String> = []
        for name in names {
            guard let all = edits[name], let own = all.first else { continue }
            result.append(own)
            if kinds.insert(name.kind).inserted { result += all.dropFirst() }
        }
        return result
    }
}
