/// What AppArmor forbids containers that do not ask for a profile of their own. It denies what Docker's `docker-default` denies and
/// some more: of the values in `/proc/sys` only the limits of shared memory and semaphores may be written, and there are no sockets of
/// the kernel's ciphers.
///
/// Other layers deny most of it as well (capabilities, read-only mounts, the seccomp filter). The profile holds when an option
/// opens one of those. Sources: apparmor.d(5); Docker documentation, AppArmor security profiles for Docker.
package enum DefaultAppArmorProfile {
    package static let name = "gantry-default"

    /// - Parameter abi: path of the file of features that the text is written for, in which the host's parser reads what the kernel
    ///   mediates; nil: the parser's default.
    static func text(abi: String?) -> String {
        (abi.map { "abi <\($0)>,\n" } ?? "") + """
            profile \(name) flags=(attach_disconnected,mediate_deleted) {
              file,
              network,
              deny network alg,
              unix,
              capability,
              umount,
              deny mount,

              # Whoever is not confined may end a container's processes: the daemon, its shims, and on Ubuntu other runtimes.
              signal (receive) peer=unconfined,
              signal (receive) peer={crun,runc},
              signal (send, receive) peer=\(name),
              ptrace (trace, read, tracedby, readby) peer=\(name),

              # Files of the kernel that belong to no process.
              deny /proc/* w,
              deny /proc/{[^1-9s]*,s[^y]*,sy[^s]*,sys?*}/** w,
              deny /proc/sys/{[^k]*,k[^e]*,ke[^r]*,ker[^n]*,kern[^e]*,kerne[^l]*,kernel?*}/** w,
              deny /proc/sys/kernel/{[^s]*,s[^he]*,sh[^m]*,se[^m]*}{,/**} w,
              deny /proc/{sysrq-trigger,kcore} rwklx,

              # The host's devices and settings; a container's control groups are its own affair.
              deny /sys/{[^f]*,f[^s]*,fs?*}/** wklx,
              deny /sys/fs/{[^c]*,c[^g]*,cg[^r]*,cgr[^o]*,cgro[^u]*,cgrou[^p]*,cgroup?*}/** wklx,
              deny /sys/{firmware,devices/virtual/powercap,kernel/security}/** rwklx,
            }

            """
    }
}
