import CLinux

/// Performs one plan and minds the process that comes of it. Started by the daemon, outlives it.
@main
struct Shim {
    static func main() {
        for descriptor in [planDescriptor, reportDescriptor] { _ = gantry_fcntl(descriptor, F_SETFD, Int(FD_CLOEXEC)) }
        gantry_close_range(UInt32(firstInherited), UInt32.max, UInt32(CLOSE_RANGE_CLOEXEC))
        guard var setup = Setup() else {
            let report = StartReport(.malformed, processID: 0).encode()
            _ = report.withUnsafeBytes { gantry_send(reportDescriptor, $0.baseAddress, $0.count, 1) }
            exit(1)
        }
        guard let minder = setup.start() else { exit(1) }
        minder.run()
        exit(0)
    }
}
