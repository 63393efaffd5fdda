internal import Essentials
internal import OCI

/// Names of images as they come in two parts.
enum ImageName {
    /// - Parameter tag: a tag or a digest; empty leaves what the name says. A tag takes the place of the name's own.
    static func reference(_ name: String, tag: String) throws -> Reference {
        var reference = try Reference(name)
        guard !tag.isEmpty else { return reference }
        if tag.contains(":") {
            reference.digest = try Digest(tag)
        } else {
            guard Reference.isTag(tag) else { throw GantryError.invalid("invalid tag format") }
            reference.tag = tag
        }
        return reference
    }
}
