internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI

extension DefaultSpecification {
    typealias Rule = RuntimeSpecification.DeviceRule

    /// Deny all, then what every container may use. Source: `oci.md` §4, device rules.
    private static let standardRules: [Rule] = [Rule(allow: false, access: "rwm")] + DeviceRules.standard

    static func devicesAndResources(
        _ options: SandboxOptions
    ) throws -> ([RuntimeSpecification.Device], RuntimeSpecification.Resources) {
        var resources = options.resources
        if options.privileged {
            resources.devices = [Rule(allow: true)]
            let all = try hostDevices("/dev")
            return (all + (try options.devices.flatMap { try mapped($0).map(\.device) }), resources)
        }
        let mappings = try options.devices.flatMap { try mapped($0) }
        resources.devices = standardRules + mappings.map(\.rule) + options.deviceRules
        return (mappings.map(\.device), resources)
    }

    /// A device, or all devices in a directory.
    private static func mapped(
        _ mapping: SandboxOptions.DeviceMapping
    ) throws -> [(device: RuntimeSpecification.Device, rule: Rule)] {
        let status: FileStatus
        do { status = try FileStatus(mapping.hostPath, follow: true) } catch {
            throw GantryError.invalid(
                "error gathering device information while adding custom device \"\(mapping.hostPath)\": no such file or directory",
                cause: error)
        }
        let found = try collected(mapping, status)
        guard !found.isEmpty else {
            throw GantryError.invalid(
                "error gathering device information while adding custom device \"\(mapping.hostPath)\": not a device node")
        }
        return found
    }

    /// What of `mapping` is a device; links inside directories are not followed.
    private static func collected(
        _ mapping: SandboxOptions.DeviceMapping, _ status: FileStatus
    ) throws -> [(device: RuntimeSpecification.Device, rule: Rule)] {
        if status.kind == .directory {
            return try FileSystem.list(mapping.hostPath).sorted().flatMap { name in
                let path = "\(mapping.hostPath)/\(name)"
                guard let status = try? FileStatus(path) else { return [(device: RuntimeSpecification.Device, rule: Rule)]() }
                return try collected(
                    SandboxOptions.DeviceMapping(
                        hostPath: path, containerPath: "\(mapping.containerPath)/\(name)", access: mapping.access), status)
            }
        }
        guard let device = device(status, path: mapping.containerPath) else { return [] }
        return [(device, Rule(allow: true, type: device.type, major: device.major, minor: device.minor, access: mapping.access))]
    }

    private static func device(_ status: FileStatus, path: String) -> RuntimeSpecification.Device? {
        guard status.kind == .characterDevice || status.kind == .blockDevice else { return nil }
        return RuntimeSpecification.Device(
            path: path, type: status.kind == .blockDevice ? "b" : "c", major: Int64(gantry_major(status.specialDevice)),
            minor: Int64(gantry_minor(status.specialDevice)), fileMode: status.permissions, uid: status.userID, gid: status.groupID)
    }

    /// Every device of the host's but terminals and what the container has mounts of its own for.
    private static func hostDevices(_ directory: String) throws -> [RuntimeSpecification.Device] {
        var result: [RuntimeSpecification.Device] = []
        for name in try FileSystem.list(directory).sorted() {
            let path = "\(directory)/\(name)"
            guard
                !["/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd", "/dev/console", "/dev/ptmx", "/dev/.lxc", "/dev/.udev"]
                    .contains(path),
                let status = try? FileStatus(path)
            else { continue }
            if status.kind == .directory {
                result += try hostDevices(path)
            } else if let device = device(status, path: path) {
                result.append(device)
            }
        }
        return result
    }
}
