import Foundation
import LinuxSystem
import OCI
import ShimProtocol
import Testing

@testable import ContainerRuntime

struct OtherRuntimeTests {
    private let planner = OtherRuntimePlanner(
        runtime: OtherRuntime(name: "x", path: "/bin/x", arguments: ["--debug"]), stateDirectory: "/run/c")

    private func request(_ change: (inout SandboxOptions) -> Void = { _ in }) throws -> ContainerStart {
        var options = SandboxOptions()
        options.arguments = ["true"]
        change(&options)
        return ContainerStart(id: "c", specification: try DefaultSpecification.make(options), root: .directory("/unused"))
    }

    @Test func specificationHasPathsForDescriptors() throws {
        var request = try request {
            $0.binds = [SandboxOptions.Bind(source: "/dev/null", destination: "/a", readOnly: true)]
            $0.readOnlyRoot = true
        }
        let null = try OwnedDescriptor.open("/dev/null", O_PATH)
        request.trees = ["/a": null]
        request.networkNamespace = null
        request.stdio.terminal = true
        request.specification.linux?.resources?.pids = .init(limit: -1)
        let told = planner.specification(request, cgroupPath: "/g/c")
        #expect(told.root == RuntimeSpecification.Root(path: "/run/c/root", readonly: true))
        let mount = try #require(told.mounts?.first { $0.destination == "/a" })
        #expect(mount.source == "/run/c/trees/0")
        #expect(mount.options?.contains("ro") == true && mount.options?.contains("rro") == false)
        #expect(told.linux?.namespaces?.filter { $0.type == .network }.map(\.path) == ["/run/c/netns"])
        #expect(told.linux?.cgroupsPath == "/g/c" && told.linux?.resources?.pids == nil)
        #expect(told.process?.terminal == true && told.ociVersion == "1.0.2")
        // What is written down is read again as it was.
        #expect(try RuntimeSpecification.read(try OtherRuntime.json(told), name: "config.json") == told)
    }

    @Test func failuresAreTheRuntimesOwnWords() throws {
        let log = "/tmp/gantry-test-\(getpid()).log"
        defer { unlink(log) }
        try FileSystem.replace(
            log,
            with: """
                {"level":"debug","msg":"began"}
                no JSON
                {"msg":"executable file `x` not found in $PATH: No such file or directory","level":"error"}
                {"level":"warning","msg":"left something"}

                """)
        let step = PlanStep(
            .runtime, numbers: [0, 0, 0, 4, 1], strings: ["/bin/x", "--log", log, "create", "start"].map { Array($0.utf8) })
        let report = StartReport(.failed, processID: 0, step: 0, errno: 1, detail: .hookExit)
        let error = OtherRuntimeFailure.error(report, step)
        #expect(error.message == "executable file `x` not found in $PATH: No such file or directory")
        #expect(error.kind == .notFound && error.isWhole && error.step == "run `/bin/x`: ended with 1")
        unlink(log)
        #expect(OtherRuntimeFailure.error(report, step).message == "`/bin/x` ended with 1")
        #expect(OtherRuntimeFailure.kind("exec: \"/etc\": permission denied") == .notExecutable)
        #expect(OtherRuntimeFailure.kind("something else") == .other)
    }
}
