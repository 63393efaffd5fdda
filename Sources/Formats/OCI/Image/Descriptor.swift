/// Points at content by type, digest and size. Source: OCI image-spec, descriptor.
package struct Descriptor: Sendable, Hashable, Codable {
    package var mediaType: String
    package var digest: Digest
    /// Bytes.
    package var size: Int64
    package var urls: [String]?
    package var annotations: [String: String]?
    package var artifactType: String?
    package var platform: Platform?

    package init(
        mediaType: String, digest: Digest, size: Int64, annotations: [String: String]? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }
}

/// What an image runs on. Source: OCI image-spec, image-index, platform.
package struct Platform: Sendable, Hashable, Codable {
    package var architecture: String
    package var os: String
    package var variant: String?
    package var osVersion: String?
    package var osFeatures: [String]?

    enum CodingKeys: String, CodingKey {
        case architecture, os, variant
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }

    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Without the variant that the architecture has anyway, as builders write it. Source: containerd, platforms, Normalize.
    package var normalized: Platform {
        var copy = self
        if architecture == "arm64", variant == "v8" { copy.variant = nil }
        return copy
    }

    /// `linux/arm64/v8`
    package var text: String { [os, architecture, variant].compactMap(\.self).joined(separator: "/") }

    /// True when an image for `other` is meant by this platform; a variant counts only where both say one.
    package func runs(_ other: Platform) -> Bool {
        os == other.os && architecture == other.architecture && (variant == nil || other.variant == nil || variant == other.variant)
    }

    /// The platform this program was built for.
    package static var host: Platform {
        #if arch(arm64)
            Platform(os: "linux", architecture: "arm64", variant: "v8")
        #else
            Platform(os: "linux", architecture: "amd64")
        #endif
    }
}

/// One image for one platform. Source: OCI image-spec, manifest.
package struct Manifest: Sendable, Hashable, Codable {
    package var schemaVersion: Int = 2
    package var mediaType: String?
    package var artifactType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    package var subject: Descriptor?
    package var annotations: [String: String]?

    package init(mediaType: String, config: Descriptor, layers: [Descriptor], annotations: [String: String]? = nil) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }
}

/// A list of manifests. Source: OCI image-spec, image-index.
package struct Index: Sendable, Hashable, Codable {
    package var schemaVersion: Int = 2
    package var mediaType: String?
    package var artifactType: String?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(mediaType: String = MediaType.index, manifests: [Descriptor], annotations: [String: String]? = nil) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }
}
