internal import CLinux
internal import LinuxSystem

extension OwnedDescriptor {
    /// As `openInRoot`, but nil when nothing is there.
    func openInRootIfPresent(_ path: String, _ flags: CInt) throws(SystemError) -> OwnedDescriptor? {
        do throws(SystemError) { return try openInRoot(path, flags) } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return nil }
            throw error
        }
    }
}
