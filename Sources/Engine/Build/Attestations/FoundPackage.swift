/// A package that an image's own records say is installed.
struct FoundPackage: Sendable, Hashable {
    var name: String
    var version: String
    /// Package URL.
    var url: String
    /// As the record has it; empty when it says nothing.
    var license = ""
    /// The record's path in the image.
    var source: String
}
