internal import Compression
internal import Essentials
package import OCI

extension ImageStore {
    /// Makes an image of one layer from the tar of a root file system, plain or compressed.
    /// - Parameter changes: what the image's containers get, already parsed from the Dockerfile lines of a request.
    /// - Throws: `invalid` for what is no tar.
    package func importRootFileSystem(
        from read: @escaping () throws -> [UInt8]?, changes: ContainerDefaults = ContainerDefaults(), message: String = "",
        platform: Platform = .host
    ) throws -> Image {
        let lease = pin()
        defer { withExtendedLifetime(lease) {} }
        let plain = try decompressor(read)
        let layer = try importLayer(from: { try plain.next() }, parent: nil)
        let now = Timestamp.now().rfc3339
        let step = ImageConfig.History(created: now, createdBy: nil, comment: message.isEmpty ? nil : message)
        return try createImage(
            config: ImageConfig(created: now, platform: platform, config: changes, diffIDs: [layer.diffID], history: [step]))
    }
}
