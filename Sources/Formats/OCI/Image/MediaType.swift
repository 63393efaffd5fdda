/// The media types of images, OCI's and Docker's. Source: OCI image-spec, media-types; distribution, image manifest v2 schema 2.
package enum MediaType {
    package static let index = "application/vnd.oci.image.index.v1+json"
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let config = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    package static let layerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let layerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar"
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    package static let dockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd"

    package static let indexes: Set<String> = [index, dockerManifestList]
    package static let manifests: Set<String> = [manifest, dockerManifest]
    /// Layer types that can be unpacked; foreign and non-distributable layers are pulled like any other.
    package static let layers: Set<String> = [
        layer, layerGzip, layerZstd, dockerLayer, dockerLayerGzip, dockerLayerZstd,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ]
}
