import ContainerRuntime
import FoundationEssentials
import LinuxSystem
import OCI
import ShimProtocol

/// One good example of everything, from which libFuzzer makes bad ones.
enum Seeds {
    static func write(to directory: String) throws {
        for (part, _) in Fuzz.parts { try FileSystem.makeDirectories("\(directory)/\(part)") }
        try FileSystem.replace("\(directory)/dockerfile/seed", with: dockerfile)
        var options = SandboxOptions()
        options.arguments = ["sh", "-c", "true"]
        options.environment = ["A=b"]
        options.hostname = "h"
        options.binds = [SandboxOptions.Bind(source: "/tmp", destination: "/d", propagation: "rshared")]
        options.temporaries = [SandboxOptions.Temporary(destination: "/t", options: ["size=1m"])]
        options.sysctls = ["net.ipv4.ip_forward": "1"]
        let specification = try DefaultSpecification.make(options)
        try FileSystem.replace("\(directory)/specification/seed", with: Array(try JSONEncoder().encode(specification)))
        let layout = CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        let plan = try ContainerPlanner(
            request: ContainerStart(id: "c", specification: specification, root: .directory("/r")), stateDirectory: "/run/c",
            cgroups: layout, cgroupPath: "/g", outOfMemoryFile: nil, availableCapabilities: 0
        ).plan()
        try FileSystem.replace("\(directory)/plan/plan", with: PlanCoding.encode(plan.steps))
        try FileSystem.replace("\(directory)/plan/frame", with: Frame.encode(.resize, [80, 0, 24, 0]))
        try FileSystem.replace(
            "\(directory)/plan/report", with: StartReport(.failed, processID: 7, step: 3, errno: 2, detail: .missing).encode())
    }

    private static let dockerfile = """
        # syntax=docker/dockerfile:1
        # escape=\\
        ARG VERSION=1
        FROM --platform=$BUILDPLATFORM base:${VERSION:-2} AS one
        SHELL ["/bin/sh", "-c"]
        ENV A=b "C D"='e f'
        RUN --mount=type=cache,target=/c,uid=1 --network=none <<EOF
        echo "$A"
        EOF
        COPY --from=one --chown=1:2 --chmod=0755 --link a* "b c" /d/
        ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 http://h/f /
        HEALTHCHECK --interval=1m30s --retries=3 CMD ["true"]
        EXPOSE 80/tcp 1000-2000/udp
        ONBUILD RUN true
        STOPSIGNAL SIGTERM
        USER 1:2
        VOLUME ["/v"]
        WORKDIR /w
        ENTRYPOINT exec sh \\
          -c true
        CMD ["a", "\\u00e9"]
        """
}
