import Essentials
import Images
import OCI
import RegistryClient

extension ImageTransfer {
    /// Brings the images for all platforms that a name has; the name stands for the host's here, and for all of them when it is
    /// saved, pushed or built on. What the registry says about the images, such as where they come from, is left there.
    func pullAllPlatforms(_ reference: Reference, credentials: RegistryLogin?, progress: @escaping ProgressSink) async throws {
        let (fetched, _) = try await client.resolveManifest(reference, credentials: RegistryCredentials(credentials))
        guard case .index(let index) = try ManifestDocument(fetched, of: reference) else {
            return try await pull(reference, allTags: false, platform: nil, credentials: credentials, progress: progress)
        }
        let platforms = index.manifests.compactMap(\.platform).filter { $0.os != "unknown" }
        guard let main = platforms.first(where: Platform.host.runs) ?? platforms.first else {
            throw GantryError.notFound("\(reference.familiar) has no images for any platform")
        }
        // Holds the images until the name stands for all of them.
        let lease = context.imageStore.pin()
        defer { withExtendedLifetime(lease) {} }
        var members: [ImageList.Member] = []
        for platform in platforms where platform != main {
            let image = try await pullForeign(
                reference, platform: platform, isMember: true, credentials: credentials, progress: progress)
            members.append(ImageList.Member(platform: platform, image: image.id))
        }
        try await pull(reference, allTags: false, platform: main, credentials: credentials, progress: progress)
        let image = try context.imageStore.image(reference.canonical)
        members.insert(ImageList.Member(platform: main, image: image.id), at: 0)
        guard members.count > 1, reference.digest == nil else { return }
        try context.imageStore.setList(ListedResult.list(of: members, main: image.id, named: reference), as: reference)
    }
}
