package import Dockerfile
package import LinuxSystem

/// The files a build may copy: an unpacked directory and what of it is left out.
package struct BuildContext: Sendable {
    package var root: OwnedDescriptor
    /// Rules not yet applied; a client has usually left these files out already.
    package var ignored: IgnoreFile
    /// Somebody's own folder and not a copy: it may change at any time, and no process is shown it.
    package var isForeign: Bool

    package init(root: OwnedDescriptor, ignored: IgnoreFile = IgnoreFile(), isForeign: Bool = false) {
        self.root = root
        self.ignored = ignored
        self.isForeign = isForeign
    }
}
