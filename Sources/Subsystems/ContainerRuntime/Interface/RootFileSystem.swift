/// Where a container's root comes from. The mount that it needs lives in the container's own mount namespace only.
package enum RootFileSystem: Sendable, Equatable {
    /// An overlay. All names are relative to `layersDirectory`, so that many layers fit the kernel's option page of 4096 bytes.
    /// - lower: topmost first, at least one.
    case overlay(layersDirectory: String, lower: [String], upper: String, work: String)
    /// A directory on the host, bound.
    case directory(String)
}
