import CLinux

/// Performs one plan and minds the process that comes of it. Started by the daemon, outlives it. Under the name `docker-init` it is
/// the init of a container instead.
@main
struct Shim {
    static func main() {
        let arguments = Arguments.all()
        if let first = arguments.first, let first, isInit(first) { exit(Init.run(Array(arguments.dropFirst()))) }
        // Run from a descriptor, it would show in lists of processes as its number.
        "gantry-shim".withCString { _ = gantry_prctl(PR_SET_NAME, UInt(bitPattern: $0), 0, 0, 0) }
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

    private static func isInit(_ path: UnsafePointer<CChar>) -> Bool {
        let length = strlen(path)
        let name = Init.name
        guard length >= name.count else { return false }
        for index in 0..<name.count where UInt8(bitPattern: path[length - name.count + index]) != name[index] { return false }
        return true
    }
}
