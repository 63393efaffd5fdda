import DockerAPI
import Essentials

/// A line of `images`: an image under one of its names.
struct ImageRow: Sendable, Equatable {
    var image: ImageSummary
    var repository = "<none>"
    var tag = "<none>"
    var digest = "<none>"

    /// The lines of all images, in the daemon's order: one for each name, with digests one for each name and digest.
    static func rows(_ images: [ImageSummary], digests: Bool) -> [ImageRow] {
        images.flatMap { rows($0, digests: digests) }
    }

    private static func rows(_ image: ImageSummary, digests: Bool) -> [ImageRow] {
        var repositories: [String] = []
        var tags: [String: [String]] = [:]
        var known: [String: [String]] = [:]
        for name in image.repoTags where name != "<none>:<none>" {
            guard let colon = name.lastIndex(of: ":") else { continue }
            let repository = String(name[..<colon])
            if tags[repository] == nil { repositories.append(repository) }
            tags[repository, default: []].append(String(name[name.index(after: colon)...]))
        }
        for name in image.repoDigests where name != "<none>@<none>" {
            guard let at = name.firstIndex(of: "@") else { continue }
            let repository = String(name[..<at])
            if tags[repository] == nil, known[repository] == nil { repositories.append(repository) }
            known[repository, default: []].append(String(name[name.index(after: at)...]))
        }
        guard !repositories.isEmpty else { return [ImageRow(image: image)] }
        return repositories.flatMap { repository in
            let names = tags[repository] ?? ["<none>"]
            let values = digests ? known[repository] ?? ["<none>"] : ["<none>"]
            return names.flatMap { tag in
                values.map { ImageRow(image: image, repository: repository, tag: tag, digest: $0) }
            }
        }
    }

    /// Source: docker CLI, placeholders of `images --format`.
    static func view(fullIDs: Bool, digests: Bool) -> ListView<ImageRow> {
        let columns = ["Repository", "Tag"] + (digests ? ["Digest"] : []) + ["ID", "CreatedSince", "Size"]
        return ListView(
            typeName: "*formatter.imageContext",
            fields: [
                .init("Repository", "REPOSITORY") { $0.repository },
                .init("Tag", "TAG") { $0.tag },
                .init("Digest", "DIGEST") { $0.digest },
                .init("ID", "IMAGE ID") { fullIDs ? $0.image.id : Identifier.short($0.image.id) },
                .init("CreatedSince", "CREATED") { HumanTime.ago(Timestamp(seconds: $0.image.created)) },
                .init("CreatedAt", "CREATED AT") { HumanTime.stamp(Timestamp(seconds: $0.image.created)) },
                .init("Size", "SIZE") { ByteSize.decimal($0.image.size, digits: 3) },
                .init("VirtualSize", "SIZE") { ByteSize.decimal($0.image.size) },
                .init("SharedSize", "SHARED SIZE") { known($0.image.sharedSize) },
                .init("UniqueSize", "UNIQUE SIZE") { row in
                    row.image.sharedSize < 0 ? "N/A" : ByteSize.decimal(row.image.size - row.image.sharedSize)
                },
                .init("Containers", "CONTAINERS") { $0.image.containers < 0 ? "N/A" : String($0.image.containers) },
            ],
            columns: columns,
            rawKeys: [
                ("repository", "Repository"), ("tag", "Tag"), ("image_id", "ID"), ("created_at", "CreatedAt"),
                ("virtual_size", "Size"),
            ])
    }

    /// -1 stands for a size that nobody asked the daemon to find out.
    private static func known(_ bytes: Int64) -> String { bytes < 0 ? "N/A" : ByteSize.decimal(bytes) }
}
