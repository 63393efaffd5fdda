internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Loads device programs and ties them to cgroup v2 groups. A group keeps its program until it is removed or gets another.
enum DeviceFilter {
    /// - Throws: `unsupported` when the kernel takes no such programs.
    static func load(_ program: DeviceProgram) throws -> OwnedDescriptor {
        let bytes = program.bytes
        func load(_ log: UnsafeMutablePointer<CChar>?, _ size: UInt32) -> CInt {
            bytes.withUnsafeBytes { gantry_bpf_load_device($0.baseAddress, UInt32(program.instructions.count), log, size) }
        }
        let descriptor = load(nil, 0)
        if descriptor >= 0 { return OwnedDescriptor(descriptor) }
        let error = SystemError.last("bpf", "BPF_PROG_LOAD")
        if error.errno == EINVAL || error.errno == EACCES {
            // The verifier explains itself only when it is given room to.
            var log = [CChar](repeating: 0, count: 16384)
            let size = UInt32(log.count)
            let again = log.withUnsafeMutableBufferPointer { load($0.baseAddress, size) }
            if again >= 0 { return OwnedDescriptor(again) }
            let text = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let last = text.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw GantryError.unsupported("the kernel refuses the program for device rules: \(last)", cause: error)
        }
        throw GantryError.unsupported(
            "device rules need eBPF programs on cgroup v2, which the kernel refuses here", cause: error,
            hint: "the daemon needs CAP_BPF or CAP_SYS_ADMIN, and the kernel CONFIG_CGROUP_BPF")
    }

    /// Ties `program` to the group, then unties what was tied before, so that the group is never without rules.
    static func attach(_ program: DeviceProgram, to directory: String) throws {
        let group = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        let loaded = try load(program)
        let earlier = try attached(group)
        try check("bpf", "BPF_PROG_ATTACH \(directory)") { gantry_bpf_attach_device(group.raw, loaded.raw) }
        for number in earlier {
            let descriptor = gantry_bpf_open_program(number)
            // It may have gone with its maker in the meantime.
            if descriptor < 0, gantry_errno() == ENOENT { continue }
            let old = OwnedDescriptor(try check("bpf", "BPF_PROG_GET_FD_BY_ID \(number)") { descriptor })
            try check("bpf", "BPF_PROG_DETACH \(directory)") { gantry_bpf_detach_device(group.raw, old.raw) }
        }
    }

    /// Numbers of the programs tied to the group itself.
    static func attached(_ group: OwnedDescriptor) throws -> [UInt32] {
        var programs = [UInt32](repeating: 0, count: 64)
        var count = UInt32(programs.count)
        try check("bpf", "BPF_PROG_QUERY") { gantry_bpf_query_device(group.raw, &programs, &count) }
        return Array(programs.prefix(Int(count)))
    }
}
