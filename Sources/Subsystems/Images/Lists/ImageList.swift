internal import Essentials
package import FoundationEssentials
package import OCI

/// Several images under one name, one for each platform. The name itself stands for ``main``, which is what containers are made
/// of; the others are there for builds that start from the name and for pushes of it.
package struct ImageList: Sendable, Hashable {
    package struct Member: Sendable, Hashable, Codable {
        package var platform: Platform
        package var image: Digest

        package init(platform: Platform, image: Digest) {
            self.platform = platform
            self.image = image
        }
    }

    package var members: [Member]
    /// The image that the name stands for here.
    package var main: Digest
    /// What whoever made the list knows beside; the store keeps it as it is.
    package var details: Data

    package init(members: [Member], main: Digest, details: Data = Data()) {
        self.members = members
        self.main = main
        self.details = details
    }

    /// The image for a platform: the wanted variant, or one that does not say its variant.
    package func image(for platform: Platform) -> Digest? {
        let fitting = members.filter { $0.platform.os == platform.os && $0.platform.architecture == platform.architecture }
        let exact = fitting.first { $0.platform.variant == platform.variant }
        return (exact ?? fitting.first { $0.platform.variant == nil || platform.variant == nil })?.image
    }
}
