import Testing

@testable import ContainerRuntime

@Suite struct CheckpointTests {
    private let host = """
        23 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        24 23 0:5 / /dev rw,relatime - devtmpfs dev rw
        25 23 0:21 / /run rw - tmpfs tmpfs rw
        26 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
        27 23 0:29 / /dev/mqueue rw - mqueue mqueue rw

        """

    private func points(_ lines: String...) -> [String] {
        ForeignMounts.points(
            container: "50 34 0:27 / / rw - overlay overlay rw,lowerdir=1\n" + lines.joined(separator: "\n"), host: host)
    }

    @Test func whatIsMadeForTheContainerIsItsOwn() {
        #expect(
            points(
                "51 50 0:30 / /proc rw,nosuid - proc proc rw", "52 50 0:31 / /dev rw - tmpfs tmpfs rw,size=65536k",
                "55 54 0:26 /gantry/a /sys/fs/cgroup ro - cgroup2 cgroup rw", "56 52 0:29 / /dev/mqueue rw - mqueue mqueue rw",
                "65 51 0:37 / /proc/acpi ro - tmpfs none rw", "70 54 0:37 / /sys/firmware ro - tmpfs none rw",
                "71 51 0:30 /bus /proc/bus ro - proc proc rw", "72 52 0:31 /null /dev/kmsg ro - tmpfs tmpfs rw") == [])
    }

    @Test func whatTheHostHasOrShowsInPartIsForeign() {
        #expect(
            points(
                "59 50 254:0 /var/lib/v /data rw - ext4 /dev/vda rw", "60 50 0:21 / /run/host rw shared:7 - tmpfs tmpfs rw",
                "66 51 0:5 /null /proc/kcore ro - devtmpfs dev rw", "67 50 0:99 /sub /other rw - xfs /dev/vdb rw",
                "68 50 254:0 /a /with\\040space\\134 rw - ext4 /dev/vda rw")
                == ["/data", "/run/host", "/proc/kcore", "/other", "/with space\\"])
        #expect(points("90 89 0:40 /gantry/a /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids") == ["/sys/fs/cgroup/pids"])
        // The root is handed over in another way, whatever it is.
        #expect(ForeignMounts.points(container: "50 34 254:0 /b / rw - ext4 /dev/vda rw", host: host) == [])
    }

    @Test func reasonsOfCriu() {
        let dump = """
            (00.880841) Error (criu/tun.c:85): tun: Unable to create tun: No such file or directory
            (01.1) Locking
            (01.124119) Error (criu/util.c:642): exited, status=1
            (01.135904) Error (criu/net.c:3071): Locking network failed
            (01.167781) Error (criu/cr-dump.c:2053): Dumping FAILED.
            """
        #expect(Criu.reason(in: dump) == "tun: Unable to create tun: No such file or directory; Locking network failed")
        let check = """
            Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds
            Error (criu/vdso.c:613): vdso: Failed to fill
            Error (criu/kerndat.c:1615): kerndat failed
            Error (criu/crtools.c:260): Could not initialize
            """
        #expect(
            Criu.reason(in: check, first: true)
                == "vdso: Unexpected rt vDSO area bounds; vdso: Failed to fill; kerndat failed")
        #expect(Criu.reason(in: check) == "vdso: Failed to fill; kerndat failed; Could not initialize")
        #expect(Criu.reason(in: "Error (criu/cr-restore.c:2537): Restoring FAILED.") == "Restoring FAILED.")
        #expect(Criu.reason(in: "criu: unrecognized option '--network-lock'\n") == "criu: unrecognized option '--network-lock'")
        #expect(Criu.reason(in: "") == "no reason is given")
    }

    @Test func argumentsOfOptions() {
        var options = CheckpointOptions()
        #expect(options.arguments == ["--manage-cgroups=soft"])
        options.establishedTCP = true
        options.fileLocks = true
        options.emptyNetwork = true
        options.controlGroups = "full"
        #expect(options.arguments == ["--manage-cgroups=full", "--tcp-established", "--file-locks", "--empty-ns", "net"])
    }
}
