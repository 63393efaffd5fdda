package import LinuxSystem

/// Where a container's root comes from. The mount that it needs lives in the container's own mount namespace only.
package enum RootFileSystem: Sendable {
    /// A mounted tree that hangs nowhere yet, such as ``PrivateMounts/overlay(layersDirectory:lower:upper:work:readOnly:volatile:)``
    /// makes. It becomes the container's root, and can be used for one start only.
    case tree(OwnedDescriptor)
    /// A directory on the host, bound.
    case directory(String)
}
