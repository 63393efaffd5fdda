/// Where a checkpoint of a container is kept.
package struct CheckpointPlace: Sendable, Hashable {
    package var name: String
    /// A directory of the host with one of the checkpoint's name in it; nil: the container's own.
    package var directory: String?

    package init(name: String, directory: String? = nil) {
        self.name = name
        self.directory = directory
    }
}
