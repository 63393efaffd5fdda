import Builder
import Essentials
import Images
import LinuxSystem
import OCI

extension EngineBuildWorker {
    func keep(_ mounts: [StepMount]) async throws -> KeptMounts {
        let own = try held.add(mounts, agents: agents)
        var kept = own?.words.map(Self.words) ?? []
        for mount in mounts {
            switch mount {
            case .cache(let cache):
                let path = self.mounts.path(cache.id)
                kept.append(
                    Self.words(["type=bind", "source=\(path)", "target=\(cache.target)"] + (cache.readOnly ? ["readonly"] : [])))
            case .tmpfs(let target, let size):
                kept.append(Self.words(["type=tmpfs", "target=\(target)"] + (size.map { ["tmpfs-size=\($0)"] } ?? [])))
            case .bind(.workspace(let workspace, let path), let target, _):
                let image = try await image(of: workspace)
                kept.append(Self.words(["type=image", "source=\(image)", "image-subpath=\(path)", "target=\(target)"]))
            // The context itself is only lent; the builder binds copies where a step may be entered. Files and agents are held.
            case .bind(.context, _, _), .file, .agent: continue
            }
        }
        return KeptMounts(words: kept, holder: own?.id)
    }

    /// Fields with a comma or a quotation mark in quotation marks. Source: RFC 4180, 2.
    private static func words(_ fields: [String]) -> String {
        fields.map { field in
            guard field.contains(",") || field.contains("\"") else { return field }
            return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }.joined(separator: ",")
    }

    private func image(of workspace: StepWorkspace) async throws -> Digest {
        let store = store
        let snapshot = try snapshot(workspace)
        let layer = try await BlockingWork.run { try store.copyLayer(of: snapshot) }
        var config = ImageConfig(platform: .host)
        config.rootfs.diffIDs = [layer.diffID]
        return try await createImage(config: config, chainID: layer.chainID, tags: [])
    }
}
