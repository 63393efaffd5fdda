import ContainerRuntime
import Dockerfile
import Essentials
import LinuxSystem
import OCI
import ShimProtocol

/// Any text is a Dockerfile or is refused.
enum DockerfileFuzz {
    static func run(_ bytes: [UInt8]) -> CInt {
        let text = String(decoding: bytes, as: UTF8.self)
        if let file = try? ParsedDockerfile(text) { precondition(!file.stages.isEmpty, "a file without a stage was accepted") }
        _ = try? VariableExpander().words(text) { $0 }
        return 0
    }
}

/// Any bytes are a specification or are refused, and any specification has a plan or is refused; a plan is read by the shim as it was
/// written.
enum SpecificationFuzz {
    static func run(_ bytes: [UInt8]) -> CInt {
        guard var specification = try? RuntimeSpecification.read(bytes, name: "config.json") else { return 0 }
        tame(&specification)
        let layout = CgroupLayout(mountInfo: "30 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        let request = ContainerStart(id: "c", specification: specification, root: .directory("/r"))
        let planner = ContainerPlanner(
            request: request, stateDirectory: "/run/c", cgroups: layout, cgroupPath: "/g", outOfMemoryFile: nil,
            availableCapabilities: 0)
        do {
            let steps = try planner.plan().steps
            precondition(PlanCoding.decode(PlanCoding.encode(steps)) == steps, "a plan is not read as it was written")
        } catch let error {
            precondition(error is GantryError || error is SystemError, "an error of another kind: \(error)")
        }
        return 0
    }

    /// Takes out what planning would look for on this host: nothing made up here is to be opened.
    private static func tame(_ specification: inout RuntimeSpecification) {
        let namespaces = specification.linux?.namespaces?.filter { ($0.path ?? "").isEmpty && $0.type != .user }
        specification.linux?.namespaces = namespaces
        specification.linux?.seccomp?.listenerPath = nil
        specification.mounts = specification.mounts?.map { mount in
            var mount = mount
            mount.uidMappings = nil
            mount.gidMappings = nil
            mount.options = mount.options?.filter { !$0.contains("idmap") }
            return mount
        }
    }
}

/// What comes to the shim and from it: any bytes are refused or stand for themselves.
enum PlanFuzz {
    static func run(_ bytes: [UInt8]) -> CInt {
        if let steps = PlanCoding.decode(bytes) {
            precondition(PlanCoding.encode(steps) == bytes, "a plan that was accepted is not what it was made from")
        }
        if case .frame(let kind, let length) = Frame.header(bytes[...]) {
            precondition(length <= Frame.maximumPayload, "a frame that is too long was accepted")
            precondition(Frame.encode(kind, [UInt8](repeating: 0, count: length)).prefix(8).elementsEqual(bytes[..<8]))
        }
        if let report = StartReport(bytes) { precondition(report.encode() == bytes) }
        if let report = ExitReport(bytes) { precondition(report.encode().count == bytes.count) }
        return 0
    }
}
